"""A fixed sheet of 64 seeds: what people look at, losses of such runs say little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..generator import StyleGAN2
from ..latents import z_of_seed

SEEDS = range(64)
_COLUMNS = 8


def draw(generator: StyleGAN2, psi: float, seeds: range = SEEDS) -> Image.Image:
    """One picture for each seed, eight in a row, as the zoo would show them."""
    z = np.concatenate([z_of_seed(seed, generator.z_dim) for seed in seeds])
    tiles = generator.to_uint8(generator.synthesize(generator.map(z, psi=psi))).cpu()
    rows = [torch.cat(list(row), dim=1) for row in torch.split(tiles, _COLUMNS)]
    return Image.fromarray(torch.cat(rows).numpy())


def write(generator: StyleGAN2, psi: float, path: Path) -> None:
    """Write the sheet as PNG."""
    draw(generator, psi).save(path)
