"""Everything that a run is made of, and one step of it."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..architecture import Architecture
from ..network import Network
from . import schedule
from .augment import Augment
from .data import Batches
from .discriminators import Discriminators, Looker
from .features import load_features
from .judge import Verdict
from .losses import Moments, discriminator_loss, generator_loss, range_loss
from .projection import Projection
from .transport import Transport, views

_RANGE_WEIGHT = 10.0
_TRANSPORT_WEIGHT = 20.0  # about the pull of the discriminators on a collapsed run
_FITTED_ON = 4096
_RGB_START = 0.25  # the usual start draws pictures of standard deviation above 1, where features saturate


@dataclass
class Report:
    """Figures of one step, for people."""

    generator: float
    discriminator: float
    moments: float
    transport: float
    deviation: float  # standard deviation of the generator's pictures; that of real ones is near 0.5
    real_sign: float  # mean sign of the verdicts, −1 to 1
    fake_sign: float


class Run:
    """A training run: networks, optimisers, random streams, counters."""

    def __init__(
        self, net: Architecture, pictures: Tensor, batch: int, seed: int, device: str, dtype: torch.dtype
    ) -> None:
        torch.manual_seed(seed)  # starting weights; everything later draws from self.random
        self.random = torch.Generator().manual_seed(seed)
        self.device, self.dtype = device, dtype
        self.batch = batch
        self.images = 0
        self.seconds = 0.0
        self.verdict: Verdict | None = None  # the last one
        self.best = math.inf  # the lowest Fréchet distance so far
        self.generator = _new_generator(net).to(device)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.projection = Projection(self.random).to(device, dtype)
        self.looker = Looker(load_features(dtype).to(device), self.projection)
        self.discriminators = Discriminators().to(device)
        self.moments = Moments().to(device)
        self.transport = Transport(rate=batch / 1600).to(device)
        self.augment = Augment()
        self.batches = Batches(pictures, batch, self.random)
        self.optimise_generator = _adam(self.generator, schedule.generator_rate(0))
        self.optimise_discriminators = _adam(self.discriminators, schedule.DISCRIMINATOR_RATE)

    def step(self, progress: float) -> Report:
        """One batch for the generator, and the same fakes again for the discriminators (saves a pass)."""
        if not self.transport.fitted:
            self._fit_transport()
        _, real_maps = self._look_at_reals()
        self.moments.update(real_maps)
        fake_maps, losses = self._step_generator(progress)
        verdicts = self._step_discriminators(real_maps, [x.detach() for x in fake_maps])
        self.images += self.batch
        self._update_average()
        return Report(**losses, **verdicts)

    def _look_at_reals(self) -> tuple[Tensor, list[Tensor]]:
        images = self.batches.next().to(self.device)
        return images, self.looker(self.augment(images, self.random))

    @torch.no_grad()
    def _fit_transport(self) -> None:
        batches = -(-min(_FITTED_ON, 4 * len(self.batches.pictures)) // self.batch)
        seen = [self._look_at_reals() for _ in range(batches)]
        self.transport.fit([torch.cat(x) for x in zip(*(views(m, i) for i, m in seen), strict=True)])

    def _step_generator(self, progress: float) -> tuple[list[Tensor], dict[str, float]]:
        for group in self.optimise_generator.param_groups:
            group["lr"] = schedule.generator_rate(progress)
        self.discriminators.requires_grad_(False)
        z = torch.randn(self.batch, self.generator.architecture.z_dim, generator=self.random)
        images = self.generator(z.to(self.device), dtype=self.dtype)
        maps = self.looker(self.augment(images, self.random))
        loss = generator_loss(self.discriminators(maps))
        moments = self.moments(maps)
        total = loss + _RANGE_WEIGHT * range_loss(images) + schedule.moment_weight(progress) * moments
        transport = self.transport(views(maps, images))
        total = total + _TRANSPORT_WEIGHT * transport
        _descend(self.optimise_generator, total)
        figures = {
            "generator": loss.item(),
            "moments": moments.item(),
            "transport": transport.item(),
            "deviation": images.detach().std().item(),
        }
        return maps, figures

    def _step_discriminators(self, real_maps: list[Tensor], fake_maps: list[Tensor]) -> dict[str, float]:
        self.discriminators.requires_grad_(True)
        # apart, not in one batch: batch norm must not let a verdict on reals depend on fakes
        real, fake = self.discriminators(real_maps), self.discriminators(fake_maps)
        loss = discriminator_loss(real, fake)
        _descend(self.optimise_discriminators, loss)
        return {"discriminator": loss.item(), "real_sign": _mean_sign(real), "fake_sign": _mean_sign(fake)}

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


def _adam(module: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(module.parameters(), lr=rate, betas=(0.0, 0.99), eps=1e-8)


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                parameter.grad.nan_to_num_(nan=0.0, posinf=1e5, neginf=-1e5)
    optimiser.step()


def _mean_sign(logits: list[Tensor]) -> float:
    return torch.stack([x.detach().sign().mean() for x in logits]).mean().item()
