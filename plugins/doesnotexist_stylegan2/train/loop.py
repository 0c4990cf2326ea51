"""The training loop: steps until the budget is used up, with sheets and checkpoints on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from ..generator import StyleGAN2
from . import checkpoint, sheet
from .export import export, with_mean_w
from .judge import Judge
from .schedule import Budget
from .state import Report, Run
from .stopping import Stop

CHECKPOINT = "run.safetensors"
RECORD = "record.jsonl"


@dataclass(frozen=True)
class Rhythm:
    """Seconds of training between two of each."""

    checkpoint: float = 180.0
    sheet: float = 300.0
    figure: float = 300.0
    record: float = 10.0


class Clock:
    """Says when something is due again, in the run's own seconds."""

    def __init__(self, every: float, now: float) -> None:
        self.every, self.next = every, now + every

    def due(self, now: float) -> bool:
        """True once for each stretch of `every` seconds."""
        if now < self.next:
            return False
        self.next = now + self.every
        return True


Watcher = Callable[[Run, Report, float], None]
"""Is told after each step: the run, the step's figures, the progress."""


def train(
    run: Run, budget: Budget, out: Path, watch: Watcher, judge: Judge, rhythm: Rhythm = Rhythm()
) -> None:
    """Go on until the budget is used up, or a signal asks to stop after the step.

    The folder then holds a checkpoint, sheets, and the generator of the best figure so far.
    """
    saves, sheets, figures, records = (
        Clock(every, run.seconds) for every in (rhythm.checkpoint, rhythm.sheet, rhythm.figure, rhythm.record)
    )
    sheets.next = run.seconds + min(60.0, rhythm.sheet)  # a first look soon: a run that fails fails early
    saves.next = run.seconds + min(30.0, rhythm.checkpoint)
    with Stop() as stop:
        for report, progress in steps(run, budget, stop):
            watch(run, report, progress)
            if records.due(run.seconds):
                _record(run, {"rate": run.adversary.generator_rate(progress), **asdict(report)}, out)
            if sheets.due(run.seconds):
                write_sheets(run, out)
            if figures.due(run.seconds):
                keep_best(run, judge, out)
            if saves.due(run.seconds):
                checkpoint.write(run, out / CHECKPOINT)
    checkpoint.write(run, out / CHECKPOINT)  # first, for what follows takes its time
    write_sheets(run, out)
    keep_best(run, judge, out)
    checkpoint.write(run, out / CHECKPOINT)


def steps(run: Run, budget: Budget, stop: Stop) -> Iterator[tuple[Report, float]]:
    """Step until the budget is used up or the first worker is asked to stop; the progress before a step."""
    begun = time.monotonic() - run.seconds
    while (progress := budget.progress(run.seconds, run.images)) < 1:
        report = run.step(progress)
        now = torch.tensor([time.monotonic() - begun, float(stop.asked)], dtype=torch.float64)
        run.team.of_the_first(now)  # one clock for all, for the learning rate follows it
        run.seconds = float(now[0])
        yield report, progress
        if now[1]:
            return


def keep_best(run: Run, judge: Judge, out: Path) -> None:
    """Judge the averaged weights; export them if none were better."""
    network = with_mean_w(run.average)
    run.verdict = judge(network)
    _record(run, asdict(run.verdict), out)
    if run.verdict.frechet <= run.best:
        run.best = run.verdict.frechet
        export(network, out, run.images, run.seconds, run.verdict)


def write_sheets(run: Run, out: Path) -> None:
    """Sheets of the averaged weights at psi 1 and 0.7, named by the images seen."""
    generator = StyleGAN2(with_mean_w(run.average), run.device)
    for psi in (1.0, 0.7):
        sheet.write(generator, psi, out / f"sheet-{run.images:08d}-psi{psi}.png")


def _record(run: Run, figures: Mapping[str, float], out: Path) -> None:
    line = {"seconds": round(run.seconds, 1), "images": run.images, **figures}
    with (out / RECORD).open("a") as stream:
        stream.write(json.dumps(line) + "\n")
