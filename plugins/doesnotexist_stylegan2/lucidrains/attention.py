"""What some blocks begin with: linear attention (Shen et al. 2018), then two pointwise layers, both added on.

Attributes are named as in lucidrains' files.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from .architecture import ATTENTION_WIDTH, HEADS


def matmul(weight: Tensor, x: Tensor) -> Tensor:
    """A 1x1 convolution, as the matrix product it is: a convolution's last bits depend on the threads.

    weight (out, in, 1, 1), x (N, in, H, W) -> (N, out, H, W)
    """
    return torch.matmul(weight[:, :, 0, 0], x.flatten(2)).reshape(len(x), -1, *x.shape[2:])


class Pointwise(nn.Module):
    """A layer that looks at one place at a time."""

    def __init__(self, features_in: int, features_out: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(features_out, features_in, 1, 1))
        self.bias = nn.Parameter(torch.zeros(features_out)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, H, W)"""
        y = matmul(self.weight, x)
        return y if self.bias is None else y + self.bias[:, None, None]


class ChannelNorm(nn.Module):
    """Mean 0 and variance 1 over the channels of every place, then a gain and a bias a channel."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, wide, 1, 1))
        self.b = nn.Parameter(torch.zeros(1, wide, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        variance, mean = torch.var_mean(x, dim=1, unbiased=False, keepdim=True)
        return (x - mean) / (variance + 1e-5).sqrt() * self.g + self.b


class _Normalised(nn.Module):
    def __init__(self, wide: int, fn: nn.Module) -> None:
        super().__init__()
        self.fn, self.norm = fn, ChannelNorm(wide)

    def forward(self, x: Tensor) -> Tensor:
        return self.fn(self.norm(x))  # type: ignore[no-any-return]


class _Added(nn.Module):
    def __init__(self, fn: nn.Module) -> None:
        super().__init__()
        self.fn = fn

    def forward(self, x: Tensor) -> Tensor:
        return x + self.fn(x)  # type: ignore[no-any-return]


class LinearAttention(nn.Module):
    """Keys and values are summed into one matrix a head, which every place then asks."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.to_q = Pointwise(wide, ATTENTION_WIDTH, bias=False)
        depthwise = nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False)
        together = nn.Sequential(depthwise, Pointwise(wide, 2 * ATTENTION_WIDTH, bias=False))
        self.to_kv = nn.ModuleDict({"net": together})
        self.to_out = Pointwise(ATTENTION_WIDTH, wide)

    def forward(self, x: Tensor) -> Tensor:
        """(N, wide, H, W) -> the same shape"""
        q, k, v = (_heads(part) for part in (self.to_q(x), *self.to_kv["net"](x).chunk(2, 1)))
        # Along the last axis, and GELU on memory in order: else the last bits depend on the threads.
        q = q.transpose(2, 3).softmax(3) * q.shape[2] ** -0.5  # over a head's channels
        k = k.softmax(3)  # over the places
        asked = (q @ (k @ v.transpose(2, 3))).transpose(2, 3)  # (N, heads, d, H·W)
        told: Tensor = self.to_out(F.gelu(asked.reshape(len(x), -1, *x.shape[2:])))
        return told


class Attention(nn.Sequential):
    """All that a block of width `wide` begins with."""

    def __init__(self, wide: int) -> None:
        forward = nn.Sequential(Pointwise(wide, 2 * wide), nn.LeakyReLU(0.2), Pointwise(2 * wide, wide))
        super().__init__(_Added(_Normalised(wide, LinearAttention(wide))), _Added(_Normalised(wide, forward)))


def _heads(x: Tensor) -> Tensor:
    """(N, heads·d, H, W) -> (N, heads, d, H·W)"""
    return x.reshape(len(x), HEADS, -1, x.shape[2] * x.shape[3])
