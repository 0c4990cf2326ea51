"""A folder of pictures and a run of a few images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.train.judge import Judge
from doesnotexist_stylegan2.train.state import Kind, Run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """20 pictures of 40x48 in two folders, and a file that is none."""
    folder = tmp_path / "pictures"
    random = np.random.RandomState(0)
    for index in range(20):
        place = folder / f"{index % 2}"
        place.mkdir(parents=True, exist_ok=True)
        pixels = random.randint(0, 256, (40, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{index:02}.png")
    (folder / "readme.txt").write_text("not a picture")
    return folder


@pytest.fixture(scope="session")
def reals() -> torch.Tensor:
    """20 pictures of noise, (20, 3, 32, 32) uint8."""
    random = torch.Generator().manual_seed(5)
    return torch.randint(0, 256, (20, 3, 32, 32), generator=random, dtype=torch.uint8)


@pytest.fixture(scope="session")
def judge(reals: torch.Tensor) -> Judge:
    """One who looks at as few samples."""
    return Judge(reals, "cpu", samples=20)


@pytest.fixture
def new_run(reals: torch.Tensor) -> Callable[..., Run]:
    """A run at its first image, always the same one."""

    def make(batch: int = 4, seed: int = 0, kind: Kind = "projected") -> Run:
        net = Architecture(
            z_dim=8,
            w_dim=8,
            resolution=32,
            mapping_layers=2,
            channel_base=256,
            channel_max=16,
            use_noise=False,
        )
        return Run(net, reals, batch, seed, "cpu", torch.float32, kind=kind)

    return make
