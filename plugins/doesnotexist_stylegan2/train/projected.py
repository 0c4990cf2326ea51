"""The default adversary: small discriminators that look through a frozen network (Sauer et al. 2021)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from doesnotexist.team import Team

from . import schedule
from .augment import Augment
from .data import Batches
from .discriminators import Discriminators, Looker
from .features import load_features
from .losses import Moments, discriminator_loss, generator_loss
from .projection import Projection
from .transport import Transport, views

_TRANSPORT_WEIGHT = 20.0  # about the pull of the discriminators on a collapsed run
_FITTED_ON = 4096  # augmented real pictures, for their principal components

Figures = dict[str, float]


class Projected:
    """Five discriminators, and two terms that hold the generator's pictures to real ones as a whole."""

    generator_rate = staticmethod(schedule.generator_rate)
    discriminator_rate = schedule.DISCRIMINATOR_RATE
    betas = (0.0, 0.99)

    def __init__(
        self, random: torch.Generator, batch: int, device: str, dtype: torch.dtype, team: Team
    ) -> None:
        self.random, self.device, self.team = random, device, team
        self.projection = Projection(random).to(device, dtype)
        self.looker = Looker(load_features(dtype).to(device), self.projection)
        self.discriminators = Discriminators().to(device)
        self.moments = Moments(team=team).to(device)
        self.transport = Transport(rate=batch / 1600, team=team).to(device)
        self.augment = Augment()
        self.real_maps: list[Tensor] = []
        self.fake_maps: list[Tensor] = []

    @property
    def saved(self) -> dict[str, nn.Module]:
        """What belongs to a checkpoint."""
        names = ("discriminators", "projection", "moments", "transport")
        return {name: getattr(self, name) for name in names}

    def meet(self, batches: Batches) -> None:
        """Look at the next real pictures; before the first of them at many."""
        if not self.transport.fitted:
            self._fit_transport(batches)
        _, self.real_maps = self._look_at(batches.next().to(self.device))
        self.moments.update(self.real_maps)

    def guide(self, images: Tensor, progress: float) -> tuple[Tensor, Figures]:
        """The generator's loss for its pictures (N, 3, R, R)."""
        self.discriminators.requires_grad_(False)
        _, maps = self._look_at(images)
        self.fake_maps = [x.detach() for x in maps]  # serve both sides: saves a pass of the generator
        loss = generator_loss(self.discriminators(maps))
        moments, transport = self.moments(maps), self.transport(views(maps, images))
        total = loss + schedule.moment_weight(progress) * moments + _TRANSPORT_WEIGHT * transport
        figures = {"generator": loss, "moments": moments, "transport": transport}
        return total, {name: value.item() for name, value in figures.items()}

    def learn(self) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """The discriminators' loss on the pictures just seen, their logits for real and for fake ones."""
        self.discriminators.requires_grad_(True)
        # apart, not in one batch: batch norm must not let a verdict on reals depend on fakes
        real, fake = self.discriminators(self.real_maps), self.discriminators(self.fake_maps)
        return discriminator_loss(real, fake), real, fake

    def _look_at(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        return images, self.looker(self.augment(images, self.team.own(self.random)))

    @torch.no_grad()
    def _fit_transport(self, batches: Batches) -> None:
        wanted = min(_FITTED_ON, 4 * len(batches.pictures)) * self.team.size
        seen = [self._look_at(batches.next().to(self.device)) for _ in range(-(-wanted // batches.size))]
        self.transport.fit([torch.cat(x) for x in zip(*(views(m, i) for i, m in seen), strict=True)])
        self.team.of_the_first(*self.transport.buffers())
