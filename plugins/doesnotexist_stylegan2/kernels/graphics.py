"""A CUDA card: whole batches, channels-last, half precision where the network was trained for it, one graph.

Written without a card at hand: its arithmetic is tested on a CPU, the graph has never run and nothing here
has been timed. Pictures are near those of a CPU and not equal: within 0.03 of [-1, 1] where convolutions are
in bfloat16, as they are with NVIDIA's ADA networks; and the last bits may depend on the batch. Whether those
in float32 may use TF32 is left to PyTorch's own setting, `torch.backends.cudnn.allow_tf32`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..network import Network
from ..noise import Noise

LARGEST_GRAPH = 8  # pictures; a graph keeps all of its memory, and bigger batches hide the launches anyway


class GraphicsSynthesis:
    """ws to pictures by the network's own modules, a batch at a time."""

    name = "cuda"

    def __init__(self, network: Network) -> None:
        self._synthesis = network.synthesis
        self._half_from = network.architecture.half_from
        self._graphs: dict[tuple[int, Noise], _Graph] = {}

    def __call__(self, ws: Tensor, noise: Noise = "const") -> Tensor:
        """ws (N, num_ws, w_dim) float32 -> (N, channels, R, R) float32, nominally [-1, 1]"""
        if ws.device.type != "cuda" or noise not in ("const", "none") or len(ws) > LARGEST_GRAPH:
            return self._pictures(ws, noise)
        key = (len(ws), noise)
        if key not in self._graphs:
            self._graphs[key] = _Graph(self, ws, noise)
        return self._graphs[key](ws)

    def _pictures(self, ws: Tensor, noise: Noise) -> Tensor:
        if self._half_from is None:
            return self._synthesis(ws, noise)  # type: ignore[no-any-return]
        # bfloat16 and not float16, whose range would need styles and weights normalised before they meet
        return self._synthesis(ws, noise, torch.bfloat16, self._half_from)  # type: ignore[no-any-return]


class _Graph:
    """All the kernels of a batch, recorded once and started together."""

    def __init__(self, synthesis: GraphicsSynthesis, ws: Tensor, noise: Noise) -> None:
        self._ws = ws.clone()
        beside = torch.cuda.Stream(ws.device)  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream(ws.device))
        with torch.cuda.stream(beside):  # what is allocated and chosen at first use must not be recorded
            synthesis._pictures(self._ws, noise)
        torch.cuda.current_stream(ws.device).wait_stream(beside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._pictures = synthesis._pictures(self._ws, noise)

    def __call__(self, ws: Tensor) -> Tensor:
        self._ws.copy_(ws)
        self._graph.replay()
        return self._pictures.clone()
