"""A whole training run: prepare the corpus once, train in one or more workers, export the average."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.multiprocessing.spawn import spawn

from doesnotexist.team import Team

from ..model import Config
from ..tokens import Vocabulary
from ..weights import write
from .corpus import HELD_OUT, Corpus, read_split, without_scheduled
from .trainer import Progress, Trainer

LEARN_FROM = 30_000  # molecules the merges are learned on
CHECKPOINT_EVERY, WATCH_EVERY = 120.0, 420.0  # seconds

Report = Callable[[Progress, float], None]


@dataclass(frozen=True)
class Plan:
    """What a run is told; `out` receives corpus.npz, checkpoint.safetensors, the weights and card.json."""

    out: Path
    minutes: float
    wheel: Path | None = None
    workers: int = 1
    layers: int = 6
    width: int = 192
    seed: int = 0
    resume: bool = False
    compiled: bool = False

    @property
    def checkpoint(self) -> Path:
        """Where the state of the run is kept."""
        return self.out / "checkpoint.safetensors"


def prepare(plan: Plan) -> None:
    """Read, shuffle, learn the merges, encode; kept in the output folder, so done once."""
    corpus = plan.out / "corpus.npz"
    if corpus.exists():
        return
    molecules = without_scheduled(read_split("train", plan.wheel))
    molecules = [molecules[i] for i in np.random.default_rng(plan.seed).permutation(len(molecules))]
    held_out, learned = molecules[:HELD_OUT], molecules[HELD_OUT:]
    vocabulary = Vocabulary.learn(learned[:LEARN_FROM])
    beside = corpus.with_name("corpus.part.npz")
    flat, starts = vocabulary.encode(learned)
    held_flat, held_starts = vocabulary.encode(held_out)
    arrays = {"merges": np.array(vocabulary.merges), "flat": flat, "starts": starts}
    arrays |= {"held_flat": held_flat, "held_starts": held_starts}
    np.savez(beside, allow_pickle=False, **arrays)
    beside.replace(corpus)


def train(plan: Plan, report: Report) -> None:
    """Run the plan to its end; `report` hears of every step of the first worker."""
    plan.out.mkdir(parents=True, exist_ok=True)
    prepare(plan)
    meeting = (plan.out / "meeting").absolute()
    meeting.unlink(missing_ok=True)
    others = None
    if plan.workers > 1:
        others = spawn(  # type: ignore[no-untyped-call]
            _other_worker, (plan, meeting), nprocs=plan.workers - 1, join=False
        )
    team = Team.join(0, plan.workers, meeting)
    _work(plan, team, report)
    team.leave()
    while others is not None and not others.join():
        pass


def _other_worker(index: int, plan: Plan, meeting: Path) -> None:
    team = Team.join(index + 1, plan.workers, meeting)
    _work(plan, team, lambda *_: None)
    team.leave()


def _work(plan: Plan, team: Team, report: Report) -> None:
    torch.set_num_threads(1)  # more of them wait for each other at every operator
    with np.load(plan.out / "corpus.npz") as data:
        vocabulary = Vocabulary(tuple((int(a), int(b)) for a, b in data["merges"]))
        learned = Corpus(data["flat"], data["starts"])
        held_out = Corpus(data["held_flat"], data["held_starts"])
    config = Config(len(vocabulary), plan.layers, plan.width)
    budget = plan.minutes * 60
    trainer = Trainer(
        config, learned, held_out, seconds=budget, seed=plan.seed, team=team, compiled=plan.compiled
    )
    if plan.resume:
        trainer.load(plan.checkpoint)
    saved = watched = time.monotonic()
    for loss in trainer.run(time.monotonic):
        if team.rank:
            continue
        report(trainer.progress, loss)
        if time.monotonic() - watched > WATCH_EVERY:
            trainer.watch()
            watched = time.monotonic()
        if time.monotonic() - saved > CHECKPOINT_EVERY:
            trainer.save(plan.checkpoint)
            saved = time.monotonic()
    if not team.rank:
        finish(plan, trainer, vocabulary)


def finish(plan: Plan, trainer: Trainer, vocabulary: Vocabulary) -> None:
    """Write the weights (the better of average and last, on the held-out molecules) and their card."""
    chosen = min((trainer.watch(model), model) for model in (trainer.average, trainer.model))
    trainer.save(plan.checkpoint)
    loss, model = chosen
    weights = plan.out / "moses-gpt.safetensors"
    facts = write(weights, model, vocabulary)
    progress = trainer.progress
    card = facts | {
        "molecules_seen": progress.molecules,
        "epochs": round(progress.molecules / len(trainer.corpus), 3),
        "steps": progress.step,
        "minutes": round(progress.seconds / 60, 1),
        "device": f"cpu, {plan.workers} worker(s) of one thread",
        "held_out_molecules": len(trainer.held_out),
        "held_out_nats_per_molecule": round(loss, 4),
        "held_out_course": [round(value, 4) for value in progress.losses],
    }
    (plan.out / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
