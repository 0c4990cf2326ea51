"""The training loop: constant rate, then decayed to zero, within a budget of minutes; resumes exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from doesnotexist.team import ALONE, Team

from ..model import Config, MoleculeGPT
from ..tokens import Ids
from .corpus import Corpus
from .optimizer import Optimizer

WARM_UP = 100  # steps
DECAY_FROM = 0.5  # share of the budget after which the rate falls linearly to zero
AVERAGE = 0.995  # EMA factor per step, reached after a ramp

Clock = Callable[[], float]
Forward = Callable[[Tensor], Tensor]


@dataclass
class Progress:
    """Where a run stands; all that a resumed run needs besides tensors."""

    seed: int = 0
    epoch: int = 0
    batch: int = 0  # next batch of the epoch
    step: int = 0
    molecules: int = 0
    seconds: float = 0.0  # spent training, over all sittings
    losses: list[float] = field(default_factory=list)  # held-out, nats a molecule, in order


def rate_share(step: int, spent: float) -> float:
    """Share of the full rate: warm-up, plateau, linear decay; `spent` is the share of the budget used."""
    return min(1.0, (step + 1) / WARM_UP) * min(1.0, max(0.0, (1 - spent) / (1 - DECAY_FROM)))


def nats(model: Forward, rows: Ids) -> Tensor:  # (B, L + 1) to a scalar, summed over molecules
    """Negative log-likelihood of whole molecules."""
    tokens = torch.from_numpy(rows.astype("int64"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(tokens[:, :-1])
    return functional.cross_entropy(logits.float().flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum")


class Trainer:
    """A model, its running average, its optimiser and its place in the corpus."""

    def __init__(
        self,
        config: Config,
        corpus: Corpus,
        held_out: Corpus,
        *,
        seconds: float,
        seed: int = 0,
        team: Team = ALONE,
        compiled: bool = False,
    ) -> None:
        self.team = team
        self.corpus, self.held_out, self.budget = corpus, held_out, seconds
        self._tokens = float(corpus.lengths.mean())  # of a molecule, so that losses read as nats a token
        self.model, self.average = MoleculeGPT(config), MoleculeGPT(config)
        self.model.start(torch.Generator().manual_seed(seed))
        self.average.load_state_dict(self.model.state_dict())
        # Fused operators: 1.3 times as fast on one core, for which a C++ compiler must be there.
        self.forward: Forward = torch.compile(self.model, dynamic=True) if compiled else self.model
        self.optimizer = Optimizer(self.model)
        self.progress = Progress(seed=seed)

    def run(self, clock: Clock) -> Iterator[float]:
        """Train until the budget is spent; yields the loss of every step, in nats a token."""
        before = clock()
        while self.progress.seconds < self.budget:
            order = self.corpus.epoch(self.progress.seed, self.progress.epoch)
            while self.progress.batch < len(order) and self.progress.seconds < self.budget:
                now = clock()
                loss = self._step(self.team.share(self.corpus.rows(order[self.progress.batch])), now - before)
                self.progress.molecules += len(order[self.progress.batch])
                self.progress.batch += 1
                before = now
                yield loss
            if self.progress.batch >= len(order):
                self.progress.epoch, self.progress.batch = self.progress.epoch + 1, 0

    def _step(self, rows: Ids, lasted: float) -> float:
        # Every molecule counts the same. Divided by its own length, a batch of short ones would count for
        # more than one of long ones, and the model would write too many of what is short.
        loss = nats(self.forward, rows) / (rows.shape[0] * self._tokens)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        # The workers must agree on the time as on the gradients, or they would differ in rate and last step.
        spent_on_it = torch.tensor([lasted], dtype=torch.float64)
        (mean,) = self.team.average_gradients(self.model.parameters(), spent_on_it)
        self.progress.seconds += float(mean)
        spent = self.progress.seconds / self.budget
        self.optimizer.step(self.progress.step + 1, rate_share(self.progress.step, spent))
        self.progress.step += 1
        self._follow()
        return float(loss.detach())

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the model; quickly at first, so that the start is forgotten."""
        share = 1 - min(AVERAGE, self.progress.step / (self.progress.step + 10))
        for mine, theirs in zip(self.average.parameters(), self.model.parameters(), strict=True):
            mine.lerp_(theirs, share)

    @torch.no_grad()
    def watch(self, model: MoleculeGPT | None = None) -> float:
        """Nats a molecule over the held-out molecules, noted in the progress; of the average by default."""
        total = sum(float(nats(model or self.average, rows)) for rows in self.held_out.in_order())
        self.progress.losses.append(total / len(self.held_out))
        return self.progress.losses[-1]

    def save(self, path: Path) -> None:
        """Write everything to one safetensors file; an interrupted write leaves the old file."""
        tensors = {f"model.{name}": t for name, t in self.model.state_dict().items()}
        tensors |= {f"average.{name}": t for name, t in self.average.state_dict().items()}
        tensors |= {f"optimizer.{name}": t for name, t in self.optimizer.state().items()}
        beside = path.with_suffix(".part")
        save_file(tensors, beside, metadata={"progress": json.dumps(vars(self.progress))})
        beside.replace(path)

    def load(self, path: Path) -> None:
        """Go on where `save` left off."""
        with safe_open(path, "pt") as file:
            self.progress = Progress(**json.loads(file.metadata()["progress"]))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for name, module in (("model.", self.model), ("average.", self.average)):
            module.load_state_dict(_part(tensors, name))
        self.optimizer.load(_part(tensors, "optimizer."))


def _part(tensors: dict[str, Tensor], start: str) -> dict[str, Tensor]:
    return {name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)}
