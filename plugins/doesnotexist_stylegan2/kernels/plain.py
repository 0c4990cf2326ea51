"""The path without a compiler: the network's own modules, with convolutions made for one picture at a time.

For one sample, modulation can scale the weights or what goes through them, whichever holds fewer numbers:
weights at high resolutions, features at low ones. Gains ride along for free, and what is left of a layer is
one convolution and two passes in place, channels-last, which the CPU's convolutions like best.
"""

from __future__ import annotations

import copy
import math

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from ..heap import keep_heap
from ..layers import Linear, StyledConv, ToRGB
from ..network import Network
from ..noise import Noise, SeededNoise
from . import winograd


class PlainSynthesis:
    """ws to the picture in PyTorch alone; shares the network's tensors.

    A picture's bytes do not depend on the batch it is in.
    """

    name = "plain"

    def __init__(self, network: Network) -> None:
        keep_heap()
        self._synthesis = _prepared(network.synthesis)

    def __call__(self, ws: Tensor, noise: Noise = "const") -> Tensor:
        """ws (N, num_ws, w_dim) float32 -> (N, channels, R, R) float32, nominally [-1, 1]"""
        return torch.cat([self._synthesis(ws[i : i + 1], noise) for i in range(len(ws))])


def _prepared(module: nn.Module) -> nn.Module:
    """The same tree with the two modulated layers replaced; the original is left as it was."""
    if isinstance(module, StyledConv):
        return PlainStyledConv(module)
    if isinstance(module, ToRGB):
        return PlainToRGB(module)
    twin = copy.copy(module)
    twin._modules = {name: child and _prepared(child) for name, child in module._modules.items()}
    return twin


class PlainStyledConv(nn.Module):
    """`StyledConv` for a batch of one."""

    squares: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, layer: StyledConv) -> None:
        super().__init__()
        self.affine = Folded(layer.affine)
        self.up, self.activation, self.resolution = layer.up, layer.activation, layer.resolution
        weight = layer.weight.detach()
        wide, features = weight.shape[:2]
        self.winograd = layer.up is None and winograd.pays(features, wide, layer.resolution)
        self.register_buffer("weight", self._prepared(weight))
        self.register_buffer("squares", weight.square().sum((2, 3)).t().contiguous())
        self.register_buffer("bias", layer.bias.detach())
        self.noise_const = layer.noise_const if layer.use_noise else None
        self.noise_strength = layer.noise_strength.detach() if layer.use_noise else None

    def _prepared(self, weight: Tensor) -> Tensor:
        if self.winograd:
            return winograd.transformed(weight)
        # (in, out) turned round for the transposed convolution
        turned = weight if self.up is None else weight.transpose(0, 1)
        return turned.contiguous(memory_format=torch.channels_last)

    def forward(self, x: Tensor, w: Tensor, noise: Noise, gain: float = 1.0) -> Tensor:
        """x (1, in, H, W), w (1, w_dim) float32 -> (1, out, H or 2H, W or 2W)"""
        styles = self.affine(w)
        demodulation = torch.rsqrt(styles.square() @ self.squares + 1e-8)
        gain *= math.sqrt(2)  # leaky ReLU is homogeneous, so the gain may come before it
        x = x.contiguous(memory_format=torch.channels_last)
        x = self._convolve(x, styles[0], demodulation[0] * gain, self.bias * gain)
        map_ = self._noise(x, noise)
        if map_ is not None and self.noise_strength is not None:
            x.add_(map_ * (self.noise_strength * gain))
        F.leaky_relu_(x, self.activation.slope)
        if self.activation.clamp is not None:
            limit = self.activation.clamp * gain / math.sqrt(2)
            x.clamp_(-limit, limit)
        return x

    def _convolve(self, x: Tensor, styles: Tensor, demodulation: Tensor, bias: Tensor) -> Tensor:
        if x.numel() < self.weight.numel():
            x = self._plain_convolve(x * styles[:, None, None], self.weight)
            return torch.addcmul(bias[:, None, None], x, demodulation[:, None, None])
        into, out = (0, 1) if self.up else (1, 0)
        scale = demodulation.repeat(winograd.POINTS) if self.winograd else demodulation
        weight = self.weight * _along(styles, into) * _along(scale, out)
        return self._plain_convolve(x, weight, bias)

    def _plain_convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if self.winograd:
            return winograd.convolve(x, weight, bias)
        if self.up is None:
            return F.conv2d(x, weight, bias, padding=1)
        x = self.up.smooth(F.conv_transpose2d(x, weight, stride=2))
        return x if bias is None else x.add_(bias[:, None, None])

    def _noise(self, x: Tensor, noise: Noise) -> Tensor | None:
        if noise == "none" or self.noise_const is None:
            return None
        if isinstance(noise, SeededNoise):
            return noise.normal(self.resolution).to(x.device)
        return self.noise_const if noise == "const" else torch.randn(x.shape[2:], device=x.device)


class PlainToRGB(nn.Module):
    """`ToRGB` for a batch of one."""

    weight: Tensor
    bias: Tensor

    def __init__(self, layer: ToRGB) -> None:
        super().__init__()
        self.affine = Folded(layer.affine)
        self.register_buffer("weight", layer.weight.detach()[:, :, 0, 0] * layer.weight_gain)
        self.register_buffer("bias", layer.bias.detach())
        self.clamp = layer.clamp

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """x (1, features, H, W), w (1, w_dim) float32 -> (1, channels, H, W)"""
        flat = x.permute(0, 2, 3, 1).flatten(1, 2)[0]  # a view: x is channels-last
        weight = self.weight * self.affine(w)
        image = torch.addmm(self.bias, flat, weight.t()).t().contiguous().reshape(1, -1, *x.shape[2:])
        return image if self.clamp is None else image.clamp_(-self.clamp, self.clamp)


class Folded(nn.Module):
    """`Linear` with its gains multiplied in."""

    weight: Tensor
    bias: Tensor

    def __init__(self, layer: Linear) -> None:
        super().__init__()
        self.register_buffer("weight", layer.weight.detach() * layer.weight_gain)
        self.register_buffer("bias", layer.bias.detach() * layer.bias_gain)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in) -> (N, out)"""
        return F.linear(x, self.weight, self.bias)


def _along(numbers: Tensor, axis: int) -> Tensor:
    shape = [1, 1, 1, 1]
    shape[axis] = -1
    return numbers.reshape(shape)
