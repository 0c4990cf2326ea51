"""The fast path: a network made ready for the compiled engine, float32, one picture at a time.

What can be done once is done when the network is loaded: gains are folded into weights, weights are
transformed, sums of squares for the demodulation are taken. What is left per picture is one call.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from ..network import Network
from ..noise import Noise, SeededNoise
from .library import Affine, Layer, Library, Method, Net

_GAIN = math.sqrt(2)  # of the activation: variance is kept (Karras et al. 2020)

# From these sides of a layer's input on, fewer products pay for four to five times the bytes of weights.
_WINOGRAD_FROM = 16
_UP_WINOGRAD_FROM = 32


def unsupported(network: Network) -> str | None:
    """Why the engine cannot run this network, or None if it can."""
    net = network.architecture
    if net.architecture not in ("skip", "orig"):
        return f"the architecture is {net.architecture}"
    if len(net.resample_filter) != 4:
        return f"the FIR filter has {len(net.resample_filter)} taps"
    if network.mapping.w_avg.device.type != "cpu":
        return "the network is not on the CPU"
    return None


class FastSynthesis:
    """ws to the picture by the compiled engine.

    A picture's bytes depend on its ws and noise alone: not on the batch, and not on the number of threads.
    """

    name = "fast"

    def __init__(self, network: Network, library: Library) -> None:
        self._library = library
        self._architecture = network.architecture
        self._tensors: dict[str, Tensor] = {
            name: tensor.detach().float() for name, tensor in network.synthesis.state_dict().items()
        }
        self._kept: list[Tensor] = []  # alive as long as the structures that point to them
        layers = list(self._layers())
        self._layer_array = (Layer * len(layers))(*layers)
        self._noise = list(self._noise_maps())
        self._noise_gain = torch.tensor([_GAIN * gain for gain in self._noise_gains()])
        self._net = self._structure(len(layers))
        self._spare: list[tuple[int, Tensor]] = []
        del self._tensors

    def __call__(self, ws: Tensor, noise: Noise = "const") -> Tensor:
        """ws (N, num_ws, w_dim) float32 -> (N, channels, R, R) float32, nominally [-1, 1]"""
        net, threads = self._architecture, torch.get_num_threads()
        pictures = torch.empty(len(ws), net.channels, net.resolution, net.resolution)
        ws = ws.float().contiguous()
        workspace = self._borrow(threads)
        for one, picture in zip(ws, pictures, strict=True):
            self._library.synthesize(
                self._net, one, self._maps(noise), self._noise_gain, workspace, picture, threads
            )
        self._spare.append((threads, workspace))
        return pictures

    def _borrow(self, threads: int) -> Tensor:
        """A workspace nobody else uses: pictures may be made in several threads at once."""
        while self._spare:
            for_threads, workspace = self._spare.pop()
            if for_threads == threads:
                return workspace
        return self._library.workspace(self._net, threads)

    def _maps(self, noise: Noise) -> list[Tensor | None]:
        if noise in ("const", "none"):
            return self._noise if noise == "const" else [None] * len(self._noise)
        draw = noise.normal if isinstance(noise, SeededNoise) else lambda side: torch.randn(side, side)
        return [None if map_ is None else draw(len(map_)) for map_ in self._noise]

    def _structure(self, count: int) -> Net:
        net = self._architecture
        line = torch.tensor(net.resample_filter, dtype=torch.float32)
        line = 2 * line / line.sum()
        start = _padded(self._tensors["b4.const"].permute(1, 2, 0), self._library.channel_multiple, (2,))
        return Net(
            w_dim=net.w_dim,
            num_ws=net.num_ws,
            channels=net.channels,
            layers=count,
            slope=0.2 if net.activation == "lrelu" else 0.0,
            gain=_GAIN,
            clamp=math.inf if net.conv_clamp is None else net.conv_clamp,
            taps=tuple(line.tolist()),
            start=self._keep(start),
            layer=self._layer_array,
        )

    def _names(self) -> Iterator[tuple[str, int]]:
        """Convolutions in order, with their output's side."""
        for resolution in self._architecture.block_resolutions:
            if resolution > 4:
                yield f"b{resolution}.conv0", resolution
            yield f"b{resolution}.conv1", resolution

    def _layers(self) -> Iterator[Layer]:
        for index, (name, resolution) in enumerate(self._names()):
            up = name.endswith("conv0")
            size = resolution // 2 if up else resolution
            layer = self._convolution(name, _method(up, size), size)
            layer.w_index = index
            layer.rgb_w_index = -1
            if not up and self._architecture.has_torgb(resolution):
                self._colours(layer, f"b{resolution}.torgb")
                layer.rgb_w_index = index + 1
            yield layer

    def _convolution(self, name: str, method: Method, size: int) -> Layer:
        multiple, read = self._library.channel_multiple, self._tensors.__getitem__
        weight = _padded(read(f"{name}.weight"), multiple, (0, 1))
        packed = self._library.pack(method, weight)
        self._kept.append(packed)
        return Layer(
            method=method,
            size=size,
            cin=weight.shape[1],
            cout=weight.shape[0],
            style=self._affine(f"{name}.affine"),
            packed=packed.data_ptr(),
            squares=self._keep(weight.square().sum((2, 3)).t()),
            bias=self._keep(_padded(read(f"{name}.bias") * _GAIN, multiple, (0,))),
        )

    def _colours(self, layer: Layer, name: str) -> None:
        weight = self._tensors[f"{name}.weight"][:, :, 0, 0]
        weight = weight / math.sqrt(weight.shape[1])  # no demodulation makes up for it
        layer.rgb_style = self._affine(f"{name}.affine")
        layer.rgb_weight = self._keep(_padded(weight, self._library.channel_multiple, (1,)))
        layer.rgb_bias = self._keep(self._tensors[f"{name}.bias"])

    def _affine(self, name: str) -> Affine:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        weight = weight.t() / math.sqrt(weight.shape[1])
        multiple = self._library.channel_multiple
        return Affine(self._keep(_padded(weight, multiple, (1,))), self._keep(_padded(bias, multiple, (0,))))

    def _noise_maps(self) -> Iterator[Tensor | None]:
        for name, _ in self._names():
            map_ = self._tensors.get(f"{name}.noise_const")
            yield None if map_ is None else map_.contiguous()

    def _noise_gains(self) -> Iterator[float]:
        for name, _ in self._names():
            yield float(self._tensors.get(f"{name}.noise_strength", 0))

    def _keep(self, tensor: Tensor) -> int:
        """Address of the tensor's numbers, which stay where they are from now on."""
        self._kept.append(tensor.contiguous())
        return self._kept[-1].data_ptr()


def _method(up: bool, size: int) -> Method:
    if up:
        return Method.UP_WINOGRAD if size >= _UP_WINOGRAD_FROM else Method.UP_DIRECT
    return Method.WINOGRAD if size >= _WINOGRAD_FROM else Method.DIRECT


def _padded(tensor: Tensor, multiple: int, dimensions: tuple[int, ...]) -> Tensor:
    """Zeros appended until these dimensions are multiples of `multiple`."""
    shape = list(tensor.shape)
    for dimension in dimensions:
        shape[dimension] = -(-shape[dimension] // multiple) * multiple
    if shape == list(tensor.shape):
        return tensor
    padded = tensor.new_zeros(shape)
    padded[tuple(slice(size) for size in tensor.shape)] = tensor
    return padded
