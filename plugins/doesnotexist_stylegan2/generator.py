"""A loaded generator: seeds' vectors in, pictures out, the same picture in any batch and any process."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from doesnotexist.engine.loading import find_device
from doesnotexist.errors import EngineError, InvalidParameter

from . import lucidrains
from .kernels import Kernels, Synthesis, choose
from .network import Network, truncate
from .noise import noise_of
from .weights import Source, read_network

Array = Tensor | NDArray[np.floating]


def load_generator(data: Source, device: str = "cpu", kernels: Kernels = "auto") -> StyleGAN2:
    """The generator of a weight file, or of the file's bytes.

    `device` is "cpu", "cuda", "cuda:1" or "mps"; `kernels` says what computes the pictures: see
    `doesnotexist_stylegan2.kernels`. Raises `WeightsInvalid` if the file is not what it claims to be and
    `DeviceMissing` if there is no such device.
    """
    return StyleGAN2(read_network(data), device, kernels)


class StyleGAN2:
    """A loaded network, its inputs checked and its answers repeatable; they are tensors or numpy arrays.

    It has `z_dim`, `w_dim`, `c_dim`, `num_ws`, `resolution` and `w_avg`.
    """

    def __init__(
        self, network: Network | lucidrains.Network, device: str = "cpu", kernels: Kernels = "plain"
    ) -> None:
        device = find_device(device)
        self.network = network.to(device).eval().requires_grad_(False)
        self.synthesis = _synthesis(self.network, kernels)
        self.architecture = net = network.architecture
        self.device = torch.device(device)
        self.z_dim, self.c_dim, self.w_dim = net.z_dim, net.c_dim, net.w_dim
        self.num_ws, self.resolution = net.num_ws, net.resolution

    @property
    def w_avg(self) -> Tensor:
        """(w_dim,) float32: the w of the mean picture."""
        return self.network.mapping.w_avg

    @torch.inference_mode()
    def map(self, z: Array, c: Array | None = None, psi: float = 1.0, cutoff: int | None = None) -> Tensor:
        """z (N, z_dim), c (N, c_dim) labels of a conditional network -> ws (N, num_ws, w_dim) float32

        `psi` pulls the first `cutoff` ws (all if None) towards w_avg: 1 not at all, 0 wholly.
        """
        z = self._checked("z", z, (self.z_dim,))
        labels = self._labels(c, len(z))
        if not isinstance(psi, int | float | np.number) or not math.isfinite(psi):
            raise InvalidParameter("psi", "a finite number", psi)
        if cutoff is not None and not (isinstance(cutoff, int | np.integer) and 0 <= cutoff <= self.num_ws):
            raise InvalidParameter("cutoff", f"an integer from 0 to {self.num_ws}", cutoff)
        # Row by row, as pictures are made too: batched, matrix products and convolutions sum in another order
        # (2e-6 on w and 8e-6 on the picture measured at 64 px, 10 of the 196,608 bytes of 16 pictures), and
        # a CPU is no faster for it: 36 ms a picture alone, 53 ms in a batch of 16, one thread.
        rows = len(z) if self.device.type == "cuda" else 1
        parts = [
            self.network.mapping(z[i : i + rows], None if labels is None else labels[i : i + rows])
            for i in range(0, len(z), rows)
        ]
        w = torch.cat(parts)
        return truncate(w[:, None].expand(-1, self.num_ws, -1), self.w_avg, float(psi), cutoff).contiguous()

    @torch.inference_mode()
    def synthesize(
        self,
        w: Array,
        noise: Literal["const", "none", "random"] = "const",
        noise_seed: int | Sequence[int] | None = None,
    ) -> Tensor:
        """ws (N, num_ws, w_dim) -> pictures (N, channels, R, R) float32, nominally [-1, 1], not clamped

        One w (N, w_dim) of each picture will do, and steers all layers.

        `random` noise is drawn from `noise_seed`, one for all pictures or one for each, and is then the same
        on any machine and in any batch; without one it is new each time.
        """
        given = _floats("w", w)
        ws = given[:, None].expand(-1, self.num_ws, -1) if given.ndim == 2 else given
        ws = self._checked("w", ws, (self.num_ws, self.w_dim))
        drawn = noise_of(noise, noise_seed, len(ws))
        try:
            if drawn is None:
                return self.synthesis(ws, noise)
            return torch.cat([self.synthesis(one[None], map_) for one, map_ in zip(ws, drawn, strict=True)])
        except torch.OutOfMemoryError as error:
            what = f"{len(ws)} pictures of {self.resolution} px"
            raise EngineError(f"{self.device} has no memory for {what}: make fewer at once") from error

    @torch.inference_mode()
    def to_uint8(self, images: Array) -> Tensor:
        """(N, channels, H, W) float -> (N, H, W, channels) uint8; truncated, as NVIDIA's scripts do"""
        images = _floats("images", images)
        if images.ndim != 4:
            raise InvalidParameter("images", "shape (N, channels, H, W)", tuple(images.shape))
        return (images.permute(0, 2, 3, 1) * 127.5 + 128).clamp(0, 255).to(torch.uint8).contiguous()

    def _labels(self, c: Array | None, count: int) -> Tensor | None:
        if c is None:
            if self.c_dim:
                raise InvalidParameter(
                    "c", f"labels of shape ({count}, {self.c_dim}), the network is conditional", c
                )
            return None
        labels = self._checked("c", c, (self.c_dim,), kinds="fiub")
        if not self.c_dim:
            return None  # NVIDIA's scripts hand labels of no classes to unconditional networks
        if len(labels) != count:
            raise InvalidParameter("c", f"as many labels as z ({count})", len(labels))
        return labels

    def _checked(self, name: str, values: Array, shape: tuple[int, ...], kinds: str = "f") -> Tensor:
        """`values` as (N, *shape) float32 on the device, or `InvalidParameter`."""
        tensor = _floats(name, values, kinds)
        if tuple(tensor.shape[1:]) != shape or not len(tensor):
            expected = ", ".join(["N", *map(str, shape)])
            raise InvalidParameter(name, f"shape ({expected}), N at least 1", tuple(tensor.shape))
        tensor = tensor.to(self.device, torch.float32)
        if not bool(torch.isfinite(tensor).all()):
            raise InvalidParameter(name, "finite numbers", "NaN or infinity")
        return tensor


def _floats(name: str, values: Array, kinds: str = "f") -> Tensor:
    """A tensor of floating-point numbers, from an array of any layout and of one of numpy's `kinds`."""
    if isinstance(values, Tensor):
        if values.is_floating_point():
            return values
        values = values.cpu().numpy()
    try:
        array = np.asarray(values)
    except ValueError:
        raise InvalidParameter(name, "a tensor or an array", type(values).__name__) from None
    if array.dtype.kind not in kinds:
        raise InvalidParameter(name, "floating-point numbers", str(array.dtype))
    with np.errstate(over="ignore"):  # what becomes infinite is refused
        return torch.from_numpy(array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32))


def _synthesis(network: Network | lucidrains.Network, kernels: Kernels) -> Synthesis:
    if isinstance(network, lucidrains.Network):
        return lucidrains.choose(network, kernels)
    return choose(network, kernels)
