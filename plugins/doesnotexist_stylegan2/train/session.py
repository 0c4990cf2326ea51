"""One run from its data to its weight file: what the command does, without the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from doesnotexist.errors import InvalidParameter

from ..architecture import Architecture
from . import checkpoint
from .data import read_pictures
from .display import Display
from .export import WEIGHTS
from .judge import Judge
from .loop import CHECKPOINT, train
from .schedule import Budget
from .state import Run


@dataclass(frozen=True)
class Settings:
    """What must stay the same when a run is resumed."""

    resolution: int = 64
    batch: int = 32
    seed: int = 0
    device: str = "cpu"


def train_to_file(data: Path, out: Path, settings: Settings, budget: Budget, resume: bool) -> Path:
    """Train, or go on training, and return the path of the exported generator."""
    saved = out / CHECKPOINT
    if saved.exists() and not resume:
        raise InvalidParameter("out", "a folder without a run, or --resume to go on with it", str(out))
    if resume and not saved.exists():
        raise InvalidParameter("out", f"a folder with a checkpoint ({CHECKPOINT}) to resume from", str(out))
    run = new_run(data, settings)
    if resume:
        checkpoint.restore(run, saved)
    out.mkdir(parents=True, exist_ok=True)
    with Display(Console(stderr=True)) as display:
        train(run, budget, out, display, Judge(run.batches.pictures, run.device))
    return out / WEIGHTS


def new_run(data: Path, settings: Settings) -> Run:
    """A run at its first image."""
    pictures = read_pictures(data, settings.resolution)
    net = small_architecture(settings.resolution)
    return Run(net, pictures, settings.batch, settings.seed, settings.device, best_dtype(settings.device))


def small_architecture(resolution: int) -> Architecture:
    """A generator that two CPU cores can train in an hour: 3 million parameters at 64 px."""
    return Architecture(
        z_dim=512,
        w_dim=256,
        resolution=resolution,
        mapping_layers=2,
        channel_base=32 * resolution,
        channel_max=256,
        use_noise=False,
    )


def best_dtype(device: str) -> torch.dtype:
    """bfloat16 where convolutions are faster in it; parameters and optimisers are float32 always."""
    fast = device != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if fast else torch.float32
