"""The yardstick: StyleGAN2's synthesis as the paper writes it down, for equality and for timings.

Every sample gets weights of its own (Karras et al. 2020, section 2.2: modulate, demodulate), all samples go
through one grouped convolution, and the FIR filter is a depthwise convolution of the zero-stuffed picture or
of the transposed convolution's result. NVIDIA's stylegan2-ada-pytorch does the same work in the same way when
it runs on a CPU, so "N times the textbook" is about "N times NVIDIA's code".
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.network import Network


class Textbook:
    """ws (N, num_ws, w_dim) -> pictures (N, channels, R, R), "skip" or "orig"."""

    name = "textbook"

    def __init__(self, network: Network) -> None:
        self.net: Architecture = network.architecture
        self.state: dict[str, Tensor] = {k: v.detach() for k, v in network.synthesis.state_dict().items()}
        taps = torch.tensor(self.net.resample_filter)
        self.fir = torch.outer(taps, taps) / taps.sum().square()  # sum 1

    def __call__(self, ws: Tensor, noise: str = "const") -> Tensor:
        x = self.state["b4.const"][None].expand(len(ws), -1, -1, -1)
        image: Tensor | None = None
        index = 0
        for resolution in self.net.block_resolutions:
            block = f"b{resolution}"
            if resolution > 4:
                x = self.styled_conv(f"{block}.conv0", x, ws[:, index], noise, up=True)
                index += 1
            x = self.styled_conv(f"{block}.conv1", x, ws[:, index], noise, up=False)
            index += 1
            if self.net.has_torgb(resolution):
                colours = self.to_rgb(f"{block}.torgb", x, ws[:, index])
                image = colours if image is None else self.upsample(image) + colours
        if image is None:
            raise ValueError("a network without blocks")
        return image

    def affine(self, name: str, w: Tensor) -> Tensor:
        weight = self.state[f"{name}.affine.weight"] / math.sqrt(self.net.w_dim)
        return F.linear(w, weight, self.state[f"{name}.affine.bias"])

    def styled_conv(self, name: str, x: Tensor, w: Tensor, noise: str, up: bool) -> Tensor:
        x = self.modulated_conv(x, self.state[f"{name}.weight"], self.affine(name, w), up, demodulate=True)
        if self.net.use_noise and noise == "const":
            x = x.add_(self.state[f"{name}.noise_const"] * self.state[f"{name}.noise_strength"])
        x = x + self.state[f"{name}.bias"][:, None, None]
        x = F.leaky_relu(x, 0.2 if self.net.activation == "lrelu" else 0.0)
        return self.clamp(x * math.sqrt(2))

    def to_rgb(self, name: str, x: Tensor, w: Tensor) -> Tensor:
        weight = self.state[f"{name}.weight"]
        styles = self.affine(name, w) / math.sqrt(weight.shape[1])
        x = self.modulated_conv(x, weight, styles, up=False, demodulate=False)
        return self.clamp(x + self.state[f"{name}.bias"][:, None, None])

    def clamp(self, x: Tensor) -> Tensor:
        limit = self.net.conv_clamp
        return x if limit is None else x.clamp(-limit, limit)

    def modulated_conv(self, x: Tensor, weight: Tensor, styles: Tensor, up: bool, demodulate: bool) -> Tensor:
        n, cin, height, width = x.shape
        cout, _, size, _ = weight.shape
        kernels = weight[None] * styles[:, None, :, None, None]  # (N, cout, cin, k, k)
        if demodulate:
            kernels = kernels * (kernels.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        grouped = x.reshape(1, n * cin, height, width)
        if up:
            kernels = kernels.transpose(1, 2).reshape(n * cin, cout, size, size)
            grouped = F.conv_transpose2d(grouped, kernels, stride=2, groups=n)
            grouped = self.filtered(
                grouped, before=(len(self.fir) + 1) // 2 - 1, after=(len(self.fir) - 2) // 2
            )
        else:
            grouped = F.conv2d(
                grouped, kernels.reshape(n * cout, cin, size, size), padding=size // 2, groups=n
            )
        return grouped.reshape(n, cout, *grouped.shape[2:])

    def filtered(self, x: Tensor, before: int, after: int) -> Tensor:
        kernel = (self.fir * 4).flip(0, 1).expand(x.shape[1], 1, -1, -1)
        return F.conv2d(F.pad(x, (before, after, before, after)), kernel, groups=x.shape[1])

    def upsample(self, image: Tensor) -> Tensor:
        n, c, height, width = image.shape
        stuffed = image.new_zeros(n, c, height, 2, width, 2)
        stuffed[:, :, :, 0, :, 0] = image
        taps = len(self.fir)
        return self.filtered(stuffed.reshape(n, c, 2 * height, 2 * width), (taps + 1) // 2, (taps - 2) // 2)
