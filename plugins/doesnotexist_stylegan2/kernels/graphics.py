"""A CUDA card: whole batches, channels-last, half precision where the network was trained for it, one graph.

Written without a card at hand: its arithmetic is tested on a CPU, the graph has never run and nothing here
has been timed. Pictures are near those of a CPU and not equal: within 0.03 of [-1, 1] where convolutions are
in bfloat16, as they are with NVIDIA's ADA networks; and the last bits may depend on the batch. Whether those
in float32 may use TF32 is left to PyTorch's own setting, `torch.backends.cudnn.allow_tf32`.
"""

from __future__ import annotations

import logging
from threading import Lock

import torch
from torch import Tensor

from ..network import Network
from ..noise import Noise

LARGEST_GRAPH = 8  # pictures; a graph keeps all of its memory, and bigger batches hide the launches anyway

_log = logging.getLogger(__name__)


class GraphicsSynthesis:
    """ws to pictures by the network's own modules, a batch at a time."""

    name = "cuda"

    def __init__(self, network: Network) -> None:
        self._synthesis = network.synthesis
        self._half_from = network.architecture.half_from
        self._largest = LARGEST_GRAPH
        self._graphs: dict[tuple[int, Noise], _Graph] = {}
        self._one_at_a_time = Lock()  # a graph has one place for its input and one for its result

    def __call__(self, ws: Tensor, noise: Noise = "const") -> Tensor:
        """ws (N, num_ws, w_dim) float32 -> (N, channels, R, R) float32, nominally [-1, 1]"""
        if ws.device.type != "cuda" or noise not in ("const", "none"):
            return self._pictures(ws, noise)
        # the device of the tensors need not be the current one, on whose streams graphs are recorded and run
        with self._one_at_a_time, torch.cuda.device(ws.device):
            graph = self._graph(ws, noise) if len(ws) <= self._largest else None
            return self._pictures(ws, noise) if graph is None else graph(ws)

    def _graph(self, ws: Tensor, noise: Noise) -> _Graph | None:
        """The graph of so many pictures; None where there is no room for one."""
        key = (len(ws), noise)
        try:
            if key not in self._graphs:
                self._graphs[key] = _Graph(self, ws, noise)
        except torch.OutOfMemoryError:
            self._largest = len(ws) - 1
            _log.warning("the card has no room for a graph of %d pictures", len(ws))
            return None
        return self._graphs[key]

    def _pictures(self, ws: Tensor, noise: Noise) -> Tensor:
        if self._half_from is None:
            return self._synthesis(ws, noise)  # type: ignore[no-any-return]
        # bfloat16 and not float16, whose range would need styles and weights normalised before they meet
        return self._synthesis(ws, noise, torch.bfloat16, self._half_from)  # type: ignore[no-any-return]


class _Graph:
    """All the kernels of a batch, recorded once and started together."""

    def __init__(self, synthesis: GraphicsSynthesis, ws: Tensor, noise: Noise) -> None:
        self._ws = ws.clone()
        # PyTorch's own stream for recordings is one for all cards
        beside = torch.cuda.Stream(ws.device)  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream(ws.device))
        with torch.cuda.stream(beside):  # what is allocated and chosen at first use must not be recorded
            for _ in range(3):
                synthesis._pictures(self._ws, noise)
        torch.cuda.current_stream(ws.device).wait_stream(beside)
        self._graph = torch.cuda.CUDAGraph()
        # what other threads do to the card meanwhile is none of this recording's business
        with torch.cuda.graph(self._graph, stream=beside, capture_error_mode="thread_local"):
            self._pictures = synthesis._pictures(self._ws, noise)

    def __call__(self, ws: Tensor) -> Tensor:
        self._ws.copy_(ws)
        self._graph.replay()
        return self._pictures.clone()
