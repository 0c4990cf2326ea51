"""How a network's pictures are computed: by PyTorch alone, or by an engine compiled for this machine.

from doesnotexist_stylegan2.kernels import choose

synthesis = choose(network, "auto")      # .name is "fast" or "plain"
pictures = synthesis(ws, "const")        # (N, num_ws, w_dim) -> (N, channels, R, R)
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from doesnotexist.errors import InvalidParameter

from ..network import Network
from ..noise import Noise
from .build import Unavailable, engine
from .fast import FastSynthesis, unsupported
from .graphics import GraphicsSynthesis
from .half import HalfSynthesis
from .plain import PlainSynthesis
from .setting import KERNELS, Kernels, resolved

__all__ = ["KERNELS", "Kernels", "Synthesis", "choose"]


class Synthesis(Protocol):
    """ws (N, num_ws, w_dim) float32 -> pictures (N, channels, R, R) float32."""

    @property
    def name(self) -> str:
        """Which kernels these are: "fast", "plain", "cuda" or "bf16"."""

    def __call__(self, ws: Tensor, noise: Noise = "const") -> Tensor: ...


def choose(network: Network, kernels: str = "auto") -> Synthesis:
    """`auto` is the compiled engine if it can be had for this network on this machine, else PyTorch alone; on
    a CUDA card `cuda`: whole batches and one graph, where `plain` makes picture by picture without a graph.

    The first call on a machine compiles the engine, which takes some seconds. `bf16` is not exact and so
    never chosen unasked. The operator's DOESNOTEXIST_KERNELS goes before `auto`. Raises `InvalidParameter` if
    what was asked for cannot be had.
    """
    kernels = resolved(kernels)
    device = network.mapping.w_avg.device.type
    if device == "cuda" and kernels in ("auto", "cuda"):
        return GraphicsSynthesis(network)
    if kernels == "cuda":
        raise InvalidParameter("kernels", f"auto or plain, since the network is on the {device}", kernels)
    if kernels == "plain":
        return PlainSynthesis(network)
    if kernels == "bf16":
        return HalfSynthesis(network)
    fast = _fast(network)
    if not isinstance(fast, Unavailable):
        return fast
    if kernels == "fast":
        raise InvalidParameter("kernels", f"auto or plain, since {fast.reason}", kernels)
    return PlainSynthesis(network)


def _fast(network: Network) -> FastSynthesis | Unavailable:
    if reason := unsupported(network):
        return Unavailable(reason)
    library = engine()
    return library if isinstance(library, Unavailable) else FastSynthesis(network, library)
