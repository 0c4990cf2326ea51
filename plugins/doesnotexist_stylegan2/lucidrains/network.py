"""lucidrains' generator: mapping and synthesis, with the attribute names of its files.

Modulation scales the input of a convolution and demodulation its output, as in this package's own layers;
upstream scales the weights, which is the same but for rounding.
"""

from __future__ import annotations

from collections.abc import Mapping as Names

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from doesnotexist.errors import InvalidParameter, WeightsInvalid

from ..heap import keep_heap
from ..noise import Noise, SeededNoise
from .architecture import Architecture
from .attention import Attention, matmul

W_AVG_SAMPLES = 2000
"""How many z the mean w is measured over: as many as upstream draws at run time, from another network (S)."""

W_AVG_SEED = NOISE_SEED = 0
"""Of numpy's RandomState, which never changes what it draws (NEP 19)."""


class Linear(nn.Module):
    """A layer of the mapping: weights and biases are stored 1/rate too big, and there is no other gain."""

    def __init__(self, features: int, rate: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(features, features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(N, features) -> the same shape and type"""
        return F.linear(x, self.weight.to(x.dtype) * self.rate, self.bias.to(x.dtype) * self.rate)


class Mapping(nn.Module):
    """z to w."""

    w_avg: Tensor

    def __init__(self, net: Architecture) -> None:
        super().__init__()
        layers = [(Linear(net.latent_dim, net.lr_mlp), nn.LeakyReLU(0.2)) for _ in range(net.style_depth)]
        self.net = nn.Sequential(*(part for layer in layers for part in layer))
        self.register_buffer("w_avg", torch.zeros(net.latent_dim), persistent=False)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:  # noqa: ARG002 - as NVIDIA's takes labels
        """z (N, latent_dim) -> w (N, latent_dim) of the same type"""
        return self.net(F.normalize(z, dim=1))  # type: ignore[no-any-return]

    @torch.no_grad()
    def measure_w_avg(self) -> None:
        """Set w_avg to the mean w of z from RandomState(0)."""
        z = np.random.RandomState(W_AVG_SEED).randn(W_AVG_SAMPLES, self.w_avg.shape[-1])
        # In float64, so that the order of sums, which depends on the threads, is rounded away in float32.
        self.w_avg = self(torch.from_numpy(z)).mean(0).float()


class ModulatedConv(nn.Module):
    """Convolution with weights · (style + 1), which are then scaled to length 1 where `demodulate` is set."""

    def __init__(self, features_in: int, features_out: int, size: int, demodulate: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(features_out, features_in, size, size))
        self.demodulate = demodulate

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x (N, in, H, W), style (N, in) -> (N, out, H, W)"""
        scale = style + 1
        x = x * scale[:, :, None, None]
        x = matmul(self.weight, x) if self.weight.shape[-1] == 1 else F.conv2d(x, self.weight, padding=1)
        if not self.demodulate:
            return x
        lengths = scale.square() @ self.weight.square().sum((2, 3)).t()
        return x * torch.rsqrt(lengths + 1e-8)[:, :, None, None]


class ToRGB(nn.Module):
    """Features to colours, without demodulation or bias."""

    def __init__(self, net: Architecture, features: int) -> None:
        super().__init__()
        self.to_style = nn.Linear(net.latent_dim, features)
        self.conv = ModulatedConv(features, net.channels, 1, demodulate=False)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """x (N, features, H, W), w (N, latent_dim) -> (N, channels, H, W)"""
        return self.conv(x, self.to_style(w))  # type: ignore[no-any-return]


class Block(nn.Module):
    """One resolution: two convolutions and the colours that they add to the picture."""

    def __init__(self, net: Architecture, block: int) -> None:
        super().__init__()
        features, wide = net.features(block), net.widths[block]
        self.to_style1, self.to_style2 = nn.Linear(net.latent_dim, features), nn.Linear(net.latent_dim, wide)
        self.to_noise1, self.to_noise2 = nn.Linear(1, wide), nn.Linear(1, wide)
        self.conv1, self.conv2 = ModulatedConv(features, wide, 3), ModulatedConv(wide, wide, 3)
        self.to_rgb = ToRGB(net, wide)

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """x (N, features, H, W), w (N, latent_dim), noise (1 or N, 1, R, R) -> features, colours"""
        noise = noise[:, :, : x.shape[2], : x.shape[3]]
        x = F.leaky_relu(self.conv1(x, self.to_style1(w)) + _spread(noise, self.to_noise1), 0.2)
        x = F.leaky_relu(self.conv2(x, self.to_style2(w)) + _spread(noise, self.to_noise2), 0.2)
        return x, self.to_rgb(x, w)


class Synthesis(nn.Module):
    """ws to the picture, from 4x4 up."""

    noise_const: Tensor
    blur: Tensor

    def __init__(self, net: Architecture) -> None:
        super().__init__()
        start = net.widths[0]
        self.no_const, self.resolution = net.no_const, net.resolution
        if net.no_const:
            self.to_initial_block = nn.ConvTranspose2d(net.latent_dim, start, 4, bias=False)
        else:
            self.initial_block = nn.Parameter(torch.zeros(1, start, 4, 4))
        self.initial_conv = nn.Conv2d(start, start, 3, padding=1)
        self.blocks = nn.ModuleList(Block(net, block) for block in range(net.num_ws))
        self.attns = nn.ModuleDict({str(b): Attention(net.features(b)) for b in sorted(net.attention)})
        # not on the meta device, on which networks are built before their weights are read in
        drawn = np.random.RandomState(NOISE_SEED).random_sample((1, 1, net.resolution, net.resolution))
        self.register_buffer("noise_const", torch.from_numpy(drawn.astype(np.float32)), persistent=False)
        taps = torch.tensor([0.25, 0.5, 0.25], device="cpu")
        self.register_buffer("blur", torch.outer(taps, taps)[None, None], persistent=False)

    def forward(self, ws: Tensor, noise: Noise = "const") -> Tensor:
        """ws (N, num_ws, latent_dim) -> (N, channels, R, R), nominally [-1, 1], of the same type

        `noise` is upstream's one image for all layers: drawn anew in [0, 1) for every picture (`random`),
        always that of RandomState(0) (`const`), or 0 (`none`, which leaves the biases of the noise layers).
        """
        x = self.initial_conv(self._start(ws))
        image: Tensor | None = None
        map_ = self._noise(ws, noise)
        for level, block in enumerate(self.blocks):
            if str(level) in self.attns:
                x = self.attns[str(level)](x)
            if level:
                x = _double(x)
            x, colours = block(x, ws[:, level], map_)
            image = colours if image is None else self._upsample(image) + colours
        if image is None:  # for the type checker: there is always a block
            raise TypeError("no block made a picture")
        return image * 2 - 1

    def _start(self, ws: Tensor) -> Tensor:
        if self.no_const:
            return self.to_initial_block(ws.mean(1)[:, :, None, None])  # type: ignore[no-any-return]
        return self.initial_block.expand(len(ws), -1, -1, -1)

    def _noise(self, ws: Tensor, noise: Noise) -> Tensor:
        if noise == "const":
            return self.noise_const
        if isinstance(noise, SeededNoise):
            return noise.uniform(self.resolution)[None, None].to(ws.device)
        shape = (len(ws), 1, self.resolution, self.resolution)
        return (
            torch.rand(shape, device=ws.device) if noise == "random" else torch.zeros(shape, device=ws.device)
        )

    def _upsample(self, image: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, 2H, 2W): bilinear, then [1, 2, 1] / 4 both ways with reflected borders"""
        wide = F.pad(_double(image), (1, 1, 1, 1), mode="reflect")
        return F.conv2d(wide, self.blur.expand(image.shape[1], -1, -1, -1), groups=image.shape[1])


class Network(nn.Module):
    """Mapping and synthesis together."""

    def __init__(self, net: Architecture) -> None:
        super().__init__()
        self.architecture = net
        self.mapping = Mapping(net)
        self.synthesis = Synthesis(net)


def filled(net: Architecture, tensors: Names[str, Tensor], source: str) -> Network:
    """The network of checked tensors, in float32, its mean w measured."""
    for name in net.blurs():
        if tensors[name].tolist() != [1, 2, 1]:
            raise WeightsInvalid(source, f"{name}: expected [1, 2, 1], found {tensors[name].tolist()}")
    rooms = {"SE": "mapping", "GE": "synthesis"}
    state = {
        rooms[name[:2]] + name[2:]: tensor.float()
        for name, tensor in tensors.items()
        if name not in net.blurs()
    }
    with torch.device("meta"):  # starting values would cost more time than reading the file
        network = Network(net)
    network.load_state_dict(state, assign=True)
    network.mapping.measure_w_avg()
    return network.eval().requires_grad_(False)


class RowByRow:
    """ws to pictures, one at a time: a picture's bytes do not depend on the batch it is in."""

    name = "plain"

    def __init__(self, network: Network) -> None:
        keep_heap()
        self._synthesis = network.synthesis

    def __call__(self, ws: Tensor, noise: Noise = "const") -> Tensor:
        """ws (N, num_ws, w_dim) float32 -> (N, channels, R, R) float32, nominally [-1, 1]"""
        return torch.cat([self._synthesis(ws[i : i + 1], noise) for i in range(len(ws))])


def choose(network: Network, kernels: str) -> RowByRow:
    """What computes the pictures: PyTorch alone, since the compiled engine knows NVIDIA's network only."""
    if kernels not in ("auto", "plain"):
        raise InvalidParameter("kernels", "auto or plain, since the network is lucidrains'", kernels)
    return RowByRow(network)


def _double(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, 2H, 2W), bilinear between the pixels' centres"""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _spread(noise: Tensor, layer: nn.Linear) -> Tensor:
    """(1 or N, 1, H, W) -> (1 or N, wide, W, H): upstream's axes are swapped, and trained so"""
    return torch.addcmul(layer.bias[:, None, None], noise.transpose(2, 3), layer.weight[:, :, None])
