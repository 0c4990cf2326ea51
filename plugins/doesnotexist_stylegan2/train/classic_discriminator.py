"""The discriminator of StyleGAN2 (Karras et al. 2020, figure 7c): residual, on whole pictures."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from ..architecture import Architecture
from ..layers import Linear

_GROUP = 4  # pictures compared with each other by the minibatch deviation


class Conv(nn.Module):
    """Convolution with run-time weight scale; blurred before it halves (Karras et al. 2020, appendix B)."""

    kernel: Tensor

    def __init__(self, features_in: int, features_out: int, size: int, *, halve: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features_out, features_in, size, size))
        self.gain = 1 / math.sqrt(features_in * size**2)
        self.halve, self.size = halve, size
        line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("kernel", torch.outer(line, line)[None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, H, W), or half of H and W"""
        weight = (self.weight * self.gain).to(x.dtype)
        if not self.halve:
            return F.conv2d(x, weight, padding=self.size // 2)
        kernel = self.kernel.to(x.dtype).expand(x.shape[1], -1, -1, -1)
        # as much padding as leaves H/2 places: one more for the 3x3 window
        x = F.conv2d(x, kernel, padding=1 + self.size // 2, groups=x.shape[1])
        return F.conv2d(x, weight, stride=2)


class _Halve(nn.Module):
    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__()
        self.first, self.second = Conv(narrow, narrow, 3), Conv(narrow, wide, 3, halve=True)
        self.skip = Conv(narrow, wide, 1, halve=True)
        self.biases = nn.ParameterList(torch.zeros(n, 1, 1) for n in (narrow, wide))

    def forward(self, x: Tensor) -> Tensor:
        y = _activate(self.first(x) + self.biases[0])
        y = _activate(self.second(y) + self.biases[1])
        return torch.add(y, self.skip(x)) * math.sqrt(0.5)


class ClassicDiscriminator(nn.Module):
    """As wide as the generator that it is for."""

    def __init__(self, net: Architecture) -> None:
        super().__init__()
        wide = [net.width(resolution) for resolution in reversed(net.block_resolutions)]
        self.see = Conv(net.channels, wide[0], 1)
        self.halves = nn.Sequential(*(_Halve(a, b) for a, b in pairwise(wide)))
        self.last = Conv(wide[-1] + 1, wide[-1], 3)
        self.dense, self.verdict = Linear(wide[-1] * 16, wide[-1]), Linear(wide[-1], 1)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, R, R) -> (N, 1) float32 logits"""
        x = self.halves(_activate(self.see(images)))
        x = _activate(self.last(_with_deviation(x)))
        return self.verdict(_activate(self.dense(x.flatten(1).float()))).float()  # type: ignore[no-any-return]


def _activate(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def _with_deviation(x: Tensor) -> Tensor:
    """One more channel: how much the pictures of a group differ (Karras et al. 2018, section 3)."""
    group = math.gcd(len(x), _GROUP)
    apart = x.reshape(group, -1, *x.shape[1:])
    deviation = (apart.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3), keepdim=True)
    return torch.cat([x, deviation.repeat(group, 1, 1, 1).expand(-1, 1, *x.shape[2:])], dim=1)
