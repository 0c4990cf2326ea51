"""One run from its data to its weight file: what the command does, without the command line."""

from __future__ import annotations

import os
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from torch.multiprocessing.spawn import spawn

from doesnotexist.engine.loading import cores
from doesnotexist.errors import InvalidParameter
from doesnotexist.team import ALONE, Team

from ..architecture import Architecture
from . import checkpoint
from .data import read_pictures
from .display import Display
from .export import WEIGHTS
from .judge import Judge
from .loop import CHECKPOINT, steps, train
from .schedule import Budget
from .state import Kind, Run
from .stopping import Stop

LEAST_SHARE = 8  # pictures a worker should have at least: batch norm sees its own share only


@dataclass(frozen=True)
class Settings:
    """What must stay the same when a run is resumed, but for device and workers."""

    resolution: int = 64
    batch: int = 32
    seed: int = 0
    device: str = "cpu"
    workers: int = 1
    discriminator: Kind = "projected"


@dataclass(frozen=True)
class Plan:
    """A run as each of its workers is told it."""

    data: Path
    out: Path
    settings: Settings
    budget: Budget
    resume: bool = False


def train_to_file(plan: Plan) -> Path:
    """Train, or go on training, and return the path of the exported generator."""
    saved = plan.out / CHECKPOINT
    if saved.exists() and not plan.resume:
        raise InvalidParameter("out", "a folder without a run, or --resume to go on with it", str(plan.out))
    if plan.resume and not saved.exists():
        raise InvalidParameter(
            "out", f"a folder with a checkpoint ({CHECKPOINT}) to resume from", str(plan.out)
        )
    with tempfile.TemporaryDirectory() as folder:
        _work_together(plan, Path(folder) / "meeting")
    return plan.out / WEIGHTS


def _work_together(plan: Plan, meeting: Path) -> None:
    """This process and as many others as it takes."""
    size, others = plan.settings.workers, None
    if size > 1:
        others = spawn(_other_worker, (plan, meeting), nprocs=size - 1, join=False)  # type: ignore[no-untyped-call]
    team = Team.join(0, size, meeting)
    _work(plan, team)
    team.leave()
    while others is not None and not others.join():
        pass


def _other_worker(index: int, plan: Plan, meeting: Path) -> None:
    parent = os.getppid()
    # Ctrl-C reaches all, but the first worker tells when to stop; its death is told by the same signal
    signal.signal(signal.SIGINT, lambda *_: None if os.getppid() == parent else os._exit(1))
    team = Team.join(index + 1, plan.settings.workers, meeting)
    _work(plan, team)
    team.leave()


def _work(plan: Plan, team: Team) -> None:
    run = new_run(plan.data, plan.settings, team)
    if plan.resume:
        checkpoint.restore(run, plan.out / CHECKPOINT)
    if team.rank:
        for _ in steps(run, plan.budget, Stop()):
            pass
        return
    plan.out.mkdir(parents=True, exist_ok=True)
    with Display(Console(stderr=True)) as display:
        train(run, plan.budget, plan.out, display, Judge(run.batches.pictures, run.device))


def best_size(device: str, batch: int) -> int:
    """A worker for each core that this process may use, while each has a decent share of the batch."""
    return max(1, min(cores(), batch // LEAST_SHARE)) if device == "cpu" else 1


def new_run(data: Path, settings: Settings, team: Team = ALONE) -> Run:
    """A run at its first image."""
    pictures = read_pictures(data, settings.resolution)
    net = small_architecture(settings.resolution)
    dtype = best_dtype(settings.device)
    kind = settings.discriminator
    return Run(net, pictures, settings.batch, settings.seed, settings.device, dtype, team, kind)


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
