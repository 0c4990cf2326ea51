"""From a run to a weight file that the zoo can load."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from ..network import Network
from ..weights import write_network
from .judge import Verdict

WEIGHTS = "generator.safetensors"
FIGURES = "figures.json"
CARD = "card.yaml"


@torch.no_grad()
def mean_w(network: Network, count: int = 8192) -> Tensor:
    """Average w of a fixed set of z -> (w_dim,) float32; exact for these weights, unlike a running mean."""
    # Not from torch's generator: at the run's seed that draws the numbers that the mapping's first weights
    # were drawn from, and a z that is a row of them lands far outside.
    z = torch.from_numpy(np.random.RandomState(0).randn(count, network.architecture.z_dim))
    w: Tensor = network.mapping(z.to(network.mapping.w_avg))
    return w.mean(0)


def with_mean_w(network: Network) -> Network:
    """A copy of the network that knows its mean w, which training does not keep track of."""
    whole = copy.deepcopy(network)
    whole.mapping.w_avg.copy_(mean_w(network))
    return whole


def export(network: Network, out: Path, images: int, seconds: float, verdict: Verdict) -> Path:
    """Write a generator that knows its mean w as fp16; beside it its figures and a row for a registry."""
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
    row = yaml.safe_dump([_card(figures)], sort_keys=False, allow_unicode=True)
    digest = str(figures["sha256"])
    (out / CARD).write_text(row.replace(digest, f'"{digest}"'), "utf-8")  # a registry wants digests in quotes
    return path


def _card(figures: Mapping[str, Any]) -> dict[str, Any]:
    """A row for a registry; words in capitals are for people to replace."""
    record = f"its training record: {figures['minutes']} minutes, DEVICE"
    told = {
        "pictures seen in training": figures["images"],
        "Fréchet distance to the training pictures, EfficientNet-Lite1": round(figures["frechet"], 1),
        "mean distance of two pictures over that of two real ones": round(figures["variety"], 3),
    }
    sources = [{"package": "doesnotexist_DOMAIN", "path": f"weights/{WEIGHTS}"}]
    file = {"name": WEIGHTS, "format": "safetensors", "size": figures["bytes"], "sha256": figures["sha256"]}
    return {
        "id": "DOMAIN/NAME",
        "domain": "DOMAIN",
        "title": "TITLE",
        "architecture": "stylegan2",
        "resolution": figures["resolution"],
        "files": [{**file, "sources": sources}],
        "licence": "LICENCE",
        "credit": "WHO MADE IT",
        "data": "PICTURES AND WHERE THEY ARE FROM",
        "limits": "WHAT IT DOES BADLY",
        "figures": [{"name": name, "value": value, "source": record} for name, value in told.items()],
        "defaults": {"psi": 0.7},
    }
