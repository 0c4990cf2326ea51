"""A fixed sheet of 64 seeds: what people look at, losses of such runs say little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..network import Network, truncate

SEEDS = range(64)
_COLUMNS = 8


@torch.no_grad()
def mean_w(network: Network, count: int = 8192) -> Tensor:
    """Average w of a fixed set of z -> (w_dim,) float32; exact for these weights, unlike a running mean."""
    z = torch.randn(count, network.architecture.z_dim, generator=torch.Generator().manual_seed(0))
    w: Tensor = network.mapping(z)
    return w.mean(0)


@torch.no_grad()
def draw(network: Network, psi: float, seeds: range = SEEDS) -> Image.Image:
    """One picture for each seed, eight in a row, in float32."""
    net = network.architecture
    z = np.concatenate([np.random.RandomState(seed).randn(1, net.z_dim) for seed in seeds])
    w = network.mapping(torch.from_numpy(z).float())
    ws = truncate(w[:, None].expand(-1, net.num_ws, -1), mean_w(network), psi)
    pixels = torch.cat(
        [(network.synthesis(one) * 127.5 + 128).clamp(0, 255).byte() for one in torch.split(ws, 8)]
    )
    rows = -(-len(seeds) // _COLUMNS)
    grid = pixels.permute(0, 2, 3, 1).reshape(rows, _COLUMNS, net.resolution, net.resolution, net.channels)
    side = net.resolution
    return Image.fromarray(
        grid.permute(0, 2, 1, 3, 4).reshape(rows * side, _COLUMNS * side, net.channels).numpy()
    )


def write(network: Network, psi: float, path: Path) -> None:
    """Write the sheet as PNG."""
    draw(network, psi).save(path)
