"""From a run to a weight file that the zoo can load."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from ..network import Network
from ..weights import write_network
from .judge import Verdict

WEIGHTS = "generator.safetensors"
FIGURES = "figures.json"


@torch.no_grad()
def mean_w(network: Network, count: int = 8192) -> Tensor:
    """Average w of a fixed set of z -> (w_dim,) float32; exact for these weights, unlike a running mean."""
    z = torch.randn(count, network.architecture.z_dim, generator=torch.Generator().manual_seed(0))
    w: Tensor = network.mapping(z.to(network.mapping.w_avg.device))
    return w.mean(0)


def with_mean_w(network: Network) -> Network:
    """A copy of the network that knows its mean w, which training does not keep track of."""
    whole = copy.deepcopy(network)
    whole.mapping.w_avg.copy_(mean_w(network))
    return whole


def export(network: Network, out: Path, images: int, seconds: float, verdict: Verdict) -> Path:
    """Write a generator that knows its mean w as fp16, and what a model card wants to know beside it."""
    path = out / WEIGHTS
    write_network(network, path)
    content = path.read_bytes()
    figures = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "images": images,
        "minutes": round(seconds / 60, 1),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "resolution": network.architecture.resolution,
        **asdict(verdict),
    }
    (out / FIGURES).write_text(json.dumps(figures, indent=2) + "\n")
    return path
