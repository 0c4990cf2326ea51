"""The layers of StyleGAN2 in plain PyTorch, with NVIDIA's parameter names and numerics.

Modulation scales the input of a convolution instead of its weights, and demodulation scales the output:
the same numbers as per-sample weights (Karras et al. 2020, section 2.2, equations 1 and 3) with one ordinary
convolution for the whole batch, which CPUs and bf16 units like far better than a grouped one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from .noise import Noise, SeededNoise


class Linear(nn.Module):
    """Fully connected layer with run-time weight scale ("equalised learning rate", Karras et al. 2018)."""

    def __init__(
        self, features_in: int, features_out: int, lr_multiplier: float = 1.0, bias: float = 0.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(drawn(features_out, features_in, deviation=1 / lr_multiplier))
        self.bias = nn.Parameter(torch.full((features_out,), bias))
        self.weight_gain = lr_multiplier / math.sqrt(features_in)
        self.bias_gain = lr_multiplier

    def forward(self, x: Tensor) -> Tensor:
        """(N, in) -> (N, out)"""
        bias = self.bias if self.bias_gain == 1 else self.bias * self.bias_gain
        return torch.addmm(bias, x, (self.weight * self.weight_gain).t())


class Embedding(nn.Module):
    """A vector for each label, as it is stored; how the first StyleGAN2 took labels in."""

    def __init__(self, labels: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(drawn(features, labels))

    def forward(self, c: Tensor) -> Tensor:
        """(N, labels) -> (N, features)"""
        return c @ self.weight.t()


class Activation(nn.Module):
    """(Leaky) ReLU with the gain √2 that keeps the variance, then the clamp that fp16 training needs."""

    def __init__(self, kind: str, clamp: float | None = None) -> None:
        super().__init__()
        self.slope = 0.2 if kind == "lrelu" else 0.0
        self.clamp = clamp

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:
        """The same shape; `gain` multiplies the clamp too, as the residual branch needs it."""
        x = F.leaky_relu(x, self.slope) * (math.sqrt(2) * gain)
        return x if self.clamp is None else x.clamp(-self.clamp * gain, self.clamp * gain)


class Resample(nn.Module):
    """The FIR filter round an upsampling by two (Karras et al. 2020, appendix B: [1, 3, 3, 1])."""

    kernel: Tensor

    def __init__(self, taps: Sequence[float]) -> None:
        super().__init__()
        # not on the meta device, on which networks are built before their weights are read in
        line = torch.tensor(taps, dtype=torch.float32, device="cpu")
        line = 2 * line / line.sum()  # gain 2 an axis makes up for the zeros between the samples
        self.register_buffer("kernel", torch.outer(line, line)[None, None], persistent=False)
        self.padding = (len(taps) + 1) // 2 - 1  # keeps 2H places, and one more after them for an odd length
        self.odd = len(taps) % 2

    def smooth(self, x: Tensor) -> Tensor:
        """(N, C, 2H+1, 2W+1), from a stride-2 transposed 3x3 convolution -> (N, C, 2H, 2W)"""
        kernel = self.kernel.flip(2, 3).to(x.dtype).expand(x.shape[1], -1, -1, -1)
        return self._cut(F.conv2d(x, kernel, padding=self.padding, groups=x.shape[1]))

    def upsample(self, image: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, 2H, 2W)"""
        # one group a channel: with C as a part of the batch, last bits depend on the number of threads
        kernel = self.kernel.to(image.dtype).expand(image.shape[1], -1, -1, -1)
        padding = self.padding - self.odd
        return self._cut(F.conv_transpose2d(image, kernel, stride=2, padding=padding, groups=image.shape[1]))

    def _cut(self, x: Tensor) -> Tensor:
        return x[:, :, :-1, :-1] if self.odd else x


class StyledConv(nn.Module):
    """Modulated 3x3 convolution, noise, bias, activation; doubles the resolution where `up` is given."""

    noise_const: Tensor

    def __init__(
        self,
        features_in: int,
        features_out: int,
        w_dim: int,
        resolution: int,
        activation: Activation,
        up: Resample | None = None,
        use_noise: bool = True,
    ) -> None:
        super().__init__()
        self.affine = Linear(w_dim, features_in, bias=1.0)
        self.weight = nn.Parameter(drawn(features_out, features_in, 3, 3))
        self.bias = nn.Parameter(torch.zeros(features_out))
        self.activation = activation
        self.up = up
        self.use_noise = use_noise
        self.resolution = resolution
        if use_noise:
            self.register_buffer("noise_const", drawn(resolution, resolution))
            self.noise_strength = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, w: Tensor, noise: Noise, gain: float = 1.0) -> Tensor:
        """x (N, in, H, W), w (N, w_dim) float32 -> (N, out, H or 2H, W or 2W) of x's dtype"""
        styles = self.affine(w)
        # 1e-8 as in Karras et al. 2020, equation 3; the sums of squares do not depend on the sample.
        demodulation = torch.rsqrt(styles.square() @ self.weight.square().sum((2, 3)).t() + 1e-8)
        x = (x * _per_channel(styles, x)).contiguous(memory_format=layout(x.dtype))
        x = self._convolve(x, self.weight.to(x.dtype))
        x = x * _per_channel(demodulation, x)
        if self.use_noise and noise != "none":
            x = x + (self._noise(x, noise) * self.noise_strength).to(x.dtype)
        return self.activation(x + self.bias.to(x.dtype)[:, None, None], gain)  # type: ignore[no-any-return]

    def _convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        if self.up is None:
            return F.conv2d(x, weight, padding=1)
        return self.up.smooth(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2))

    def _noise(self, x: Tensor, noise: Noise) -> Tensor:
        if noise == "const":
            return self.noise_const
        if isinstance(noise, SeededNoise):
            return noise.normal(self.resolution).to(x.device)
        return torch.randn(x.shape[0], 1, self.resolution, self.resolution, device=x.device)


class Shortcut(nn.Module):
    """The residual branch of a `resnet` block: plain 1x1 convolution, then upsampling."""

    def __init__(self, features_in: int, features_out: int, up: Resample) -> None:
        super().__init__()
        self.weight = nn.Parameter(drawn(features_out, features_in, 1, 1))
        self.weight_gain = 1 / math.sqrt(features_in)
        self.up = up

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, 2H, 2W), halved in variance for the sum of two branches"""
        gain = self.weight_gain * math.sqrt(0.5)
        return self.up.upsample(F.conv2d(x, (self.weight * gain).to(x.dtype)))


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to the picture, without demodulation."""

    def __init__(self, features: int, channels: int, w_dim: int, clamp: float | None) -> None:
        super().__init__()
        self.affine = Linear(w_dim, features, bias=1.0)
        self.weight = nn.Parameter(drawn(channels, features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.weight_gain = 1 / math.sqrt(features)
        self.clamp = clamp

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """x (N, features, H, W), w (N, w_dim) float32 -> (N, channels, H, W) float32"""
        styles = self.affine(w) * self.weight_gain
        # a matrix product, not a 1x1 convolution, whose last bits depend on the number of threads
        flat = (x * _per_channel(styles, x)).flatten(2)
        image = torch.matmul(self.weight[:, :, 0, 0].to(x.dtype), flat)
        image = image.reshape(len(x), -1, *x.shape[2:]).float() + self.bias[:, None, None]
        return image if self.clamp is None else image.clamp(-self.clamp, self.clamp)


def drawn(*shape: int, deviation: float = 1.0) -> Tensor:
    """Random starting values; none on the meta device, where torch would load its compiler for it."""
    values = torch.empty(shape)
    return values if values.is_meta else values.normal_(0, deviation)


def layout(dtype: torch.dtype) -> torch.memory_format:
    """How convolutions of this type like their features best.

    In bfloat16 they are several times faster channels-last, on CPUs and cards; in float32, on a CPU, not.
    """
    return torch.contiguous_format if dtype == torch.float32 else torch.channels_last


def _per_channel(scale: Tensor, like: Tensor) -> Tensor:
    return scale.to(like.dtype)[:, :, None, None]
