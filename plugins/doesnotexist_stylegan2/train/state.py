"""Everything that a run is made of, and one step of it."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from doesnotexist.team import ALONE, Team

from ..architecture import Architecture
from ..network import Network
from . import schedule
from .classic import Classic
from .data import Batches
from .judge import Verdict
from .losses import range_loss
from .projected import Projected

_RANGE_WEIGHT = 10.0
_RGB_START = 0.25  # the usual start draws pictures of standard deviation above 1, where features saturate

Kind = Literal["projected", "stylegan2"]


@dataclass
class Report:
    """Figures of one step, for people."""

    discriminator: float
    deviation: float  # standard deviation of the generator's pictures; that of real ones is near 0.5
    real_sign: float  # mean sign of the verdicts, −1 to 1
    fake_sign: float
    generator: float
    moments: float = 0.0
    transport: float = 0.0


class Run:
    """A training run: networks, optimisers, random streams, counters."""

    def __init__(
        self,
        net: Architecture,
        pictures: Tensor,
        batch: int,
        seed: int,
        device: str,
        dtype: torch.dtype,
        team: Team = ALONE,
        kind: Kind = "projected",
    ) -> None:
        torch.manual_seed(seed)  # starting weights; everything later draws from self.random
        self.random = torch.Generator().manual_seed(seed)
        self.device, self.dtype, self.team, self.kind = device, dtype, team, kind
        self.batch = batch
        self.images = 0
        self.seconds = 0.0
        self.verdict: Verdict | None = None  # the last one
        self.best = math.inf  # the lowest Fréchet distance so far
        self.generator = _new_generator(net).to(device)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.adversary: Projected | Classic = (
            Projected(self.random, batch, device, dtype, team)
            if kind == "projected"
            else Classic(net, self.random, batch, device, dtype, team)
        )
        self.batches = Batches(pictures, batch, self.random, team)
        self.optimise_generator = _adam(self.generator, 0.0, (0.0, 0.99))  # its rate is that of the step
        rate, betas = self.adversary.discriminator_rate, self.adversary.betas
        self.optimise_discriminators = _adam(self.adversary.discriminators, rate, betas)

    @property
    def saved(self) -> dict[str, nn.Module]:
        """Modules that belong to a checkpoint, by their names there."""
        return {"generator": self.generator, "average": self.average, **self.adversary.saved}

    def step(self, progress: float) -> Report:
        """One batch for the generator, and the same fakes again for the discriminators."""
        self.adversary.meet(self.batches)
        losses = self._step_generator(progress)
        verdicts = self._step_discriminators()
        self.images += self.batch
        self._update_average()
        return Report(**losses, **verdicts)

    def _step_generator(self, progress: float) -> dict[str, float]:
        for group in self.optimise_generator.param_groups:
            group["lr"] = self.adversary.generator_rate(progress)
        z = torch.randn(self.batch, self.generator.architecture.z_dim, generator=self.random)
        images = self.generator(self.team.share(z).to(self.device), dtype=self.dtype)
        loss, figures = self.adversary.guide(images, progress)
        self._descend(self.optimise_generator, loss + _RANGE_WEIGHT * range_loss(images))
        return {**figures, "deviation": images.detach().std().item()}

    def _step_discriminators(self) -> dict[str, float]:
        loss, real, fake = self.adversary.learn()
        self._descend(self.optimise_discriminators, loss)
        return {"discriminator": loss.item(), "real_sign": _mean_sign(real), "fake_sign": _mean_sign(fake)}

    def _descend(self, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        self.team.average_gradients(parameters)
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.nan_to_num_(nan=0.0, posinf=1e5, neginf=-1e5)
        optimiser.step()

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = schedule.average_decay(self.images, self.batch)
        pairs = zip(self.average.parameters(), self.generator.parameters(), strict=True)
        for mean, value in pairs:
            mean.lerp_(value, 1 - decay)


def _new_generator(net: Architecture) -> Network:
    generator = Network(net)
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if name.endswith("torgb.weight"):
                parameter.mul_(_RGB_START)
    return generator


def _adam(module: nn.Module, rate: float, betas: tuple[float, float]) -> torch.optim.Adam:
    return torch.optim.Adam(module.parameters(), lr=rate, betas=betas, eps=1e-8)


def _mean_sign(logits: list[Tensor]) -> float:
    return torch.stack([x.detach().sign().mean() for x in logits]).mean().item()
