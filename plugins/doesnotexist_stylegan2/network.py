"""The StyleGAN2 generator (Karras et al. 2020, figure 7: skip, resnet, orig), for training and inference.

    z, c ── mapping ──> w ── truncation ──> ws ── synthesis ──> picture

Parameter names are those of NVIDIA's PyTorch networks, so that a converted checkpoint needs no renaming.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .architecture import Architecture
from .layers import Activation, Embedding, Linear, Resample, Shortcut, StyledConv, ToRGB, drawn, layout
from .noise import Noise


class Mapping(nn.Module):
    """z and a label to w: normalisation, then fully connected layers."""

    w_avg: Tensor

    def __init__(self, net: Architecture) -> None:
        super().__init__()
        self.num_layers = net.mapping_layers
        self.joined = net.labels_joined
        embedding = Embedding if net.labels_joined else Linear
        self.embed = embedding(net.c_dim, net.embedded) if net.c_dim else None
        for index, (features_in, features_out) in enumerate(net.mapping_features()):
            self.add_module(f"fc{index}", Linear(features_in, features_out, net.lr_multiplier))
        self.activation = Activation(net.mapping_activation or net.activation)
        self.register_buffer("w_avg", torch.zeros(net.w_dim))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """z (N, z_dim), c (N, c_dim) or None -> w (N, w_dim), all float32"""
        x = self._input(z, c)
        for index in range(self.num_layers):
            x = self.activation(self.get_submodule(f"fc{index}")(x))
        return x

    def _input(self, z: Tensor, c: Tensor | None) -> Tensor:
        if self.embed is None or c is None:
            return _normalise(z)
        if self.joined:
            return _normalise(torch.cat([z, self.embed(c)], dim=1))
        return torch.cat([_normalise(z), _normalise(self.embed(c))], dim=1)


class Block(nn.Module):
    """One resolution: conv0 doubles it (not at 4x4), conv1 keeps it, torgb (where it is) draws."""

    def __init__(self, net: Architecture, resolution: int, resample: Resample) -> None:
        super().__init__()
        wide, first = net.width(resolution), resolution == 4
        activation = Activation(net.activation, net.conv_clamp)
        self.resample = resample
        self.residual = net.architecture == "resnet" and not first
        if first:
            self.const = nn.Parameter(drawn(wide, 4, 4))
        else:
            narrow = net.width(resolution // 2)
            self.conv0 = StyledConv(narrow, wide, net.w_dim, resolution, activation, resample, net.use_noise)
            if self.residual:
                self.skip = Shortcut(narrow, wide, resample)
        self.conv1 = StyledConv(wide, wide, net.w_dim, resolution, activation, use_noise=net.use_noise)
        has_torgb = net.has_torgb(resolution)
        self.torgb = ToRGB(wide, net.channels, net.w_dim, net.conv_clamp) if has_torgb else None

    def start(self, ws: Tensor, noise: Noise, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """4x4: ws (N, 2, w_dim) -> features of `dtype`, picture (N, C, 4, 4) float32 if there is one yet"""
        x = self.const.to(dtype)[None].expand(ws.shape[0], -1, -1, -1)
        x = self.conv1(x.contiguous(memory_format=layout(dtype)), ws[:, 0], noise)
        return x, None if self.torgb is None else self.torgb(x, ws[:, 1])

    def forward(
        self, x: Tensor, image: Tensor | None, ws: Tensor, noise: Noise
    ) -> tuple[Tensor, Tensor | None]:
        """x (N, c, R/2, R/2), image (N, C, R/2, R/2) or None, ws (N, 3, w_dim) -> the same at R"""
        if self.residual:
            branch = self.skip(x)
            x = self.conv1(self.conv0(x, ws[:, 0], noise), ws[:, 1], noise, gain=math.sqrt(0.5)) + branch
        else:
            x = self.conv1(self.conv0(x, ws[:, 0], noise), ws[:, 1], noise)
        if image is not None:
            image = self.resample.upsample(image)
        if self.torgb is not None:
            added = self.torgb(x, ws[:, 2])
            image = added if image is None else image + added
        return x, image


class Synthesis(nn.Module):
    """ws to the picture, from 4x4 up."""

    def __init__(self, net: Architecture) -> None:
        super().__init__()
        self.resolutions = net.block_resolutions
        resample = Resample(net.resample_filter)
        for resolution in self.resolutions:
            self.add_module(f"b{resolution}", Block(net, resolution, resample))

    def forward(
        self, ws: Tensor, noise: Noise = "const", dtype: torch.dtype = torch.float32, dtype_from: int = 4
    ) -> Tensor:
        """ws (N, num_ws, w_dim) float32 -> (N, C, R, R) float32, nominally [-1, 1]

        `dtype` is that of the convolutions from the side `dtype_from` on, float32 below; the picture is
        summed in float32 always.
        """
        x, image = self._block(4).start(ws[:, :2], noise, dtype if dtype_from <= 4 else torch.float32)
        for level, resolution in enumerate(self.resolutions[1:]):
            if resolution >= dtype_from and x.dtype != dtype:
                x = x.to(dtype, memory_format=layout(dtype))
            # torgb shares its w with the next block's conv0, so blocks overlap by one.
            x, image = self._block(resolution)(x, image, ws[:, 2 * level + 1 : 2 * level + 4], noise)
        if image is None:  # for the type checker: the last block always has a torgb
            raise TypeError("no block made a picture")
        return image

    def _block(self, resolution: int) -> Block:
        block = self.get_submodule(f"b{resolution}")
        if not isinstance(block, Block):  # for the type checker: add_module forgets the type
            raise TypeError(type(block))
        return block


class Network(nn.Module):
    """Mapping and synthesis together."""

    def __init__(self, net: Architecture) -> None:
        super().__init__()
        self.architecture = net
        self.mapping = Mapping(net)
        self.synthesis = Synthesis(net)

    def forward(
        self, z: Tensor, c: Tensor | None = None, noise: Noise = "const", dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """z (N, z_dim) float32 -> (N, C, R, R) float32; no truncation"""
        ws = self.mapping(z, c)[:, None].expand(-1, self.architecture.num_ws, -1)
        return self.synthesis(ws, noise, dtype)  # type: ignore[no-any-return]


def truncate(ws: Tensor, w_avg: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
    """w_avg + psi·(w − w_avg) on the first `cutoff` of the ws (all if None), as NVIDIA's networks do it."""
    if psi == 1:
        return ws
    near = w_avg.lerp(ws[:, :cutoff], psi)
    return near if cutoff is None else torch.cat([near, ws[:, cutoff:]], dim=1)


def _normalise(x: Tensor) -> Tensor:
    """Second moment to 1 along the features."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)
