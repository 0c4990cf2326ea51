"""StyleGAN2's own adversary, for GPUs and long runs: whole pictures, R1, adaptive augmentation.

Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN, and Training GANs with Limited
Data. Left out: path length regularisation and style mixing, which their small configurations do without.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from doesnotexist.team import Team

from ..architecture import Architecture
from .augment import Augment
from .classic_discriminator import ClassicDiscriminator
from .data import Batches
from .projected import Figures

_RATE = 0.0025
_R1_EVERY = 16  # steps: lazy regularisation (Analyzing and Improving, section 3.1)
_LAZY = _R1_EVERY / (_R1_EVERY + 1)
_WANTED = 0.6  # mean sign of verdicts on real pictures (Limited Data, section 3.1)
_UP_IN = 500_000  # real pictures until augmentation goes from none to all


class Classic:
    """One discriminator and what keeps it from learning the pictures by heart."""

    discriminator_rate = _RATE * _LAZY
    betas = (0.0, 0.99**_LAZY)

    def __init__(
        self,
        net: Architecture,
        random: torch.Generator,
        batch: int,
        device: str,
        dtype: torch.dtype,
        team: Team,
    ) -> None:
        self.random, self.batch, self.device, self.dtype, self.team = random, batch, device, dtype, team
        self.discriminators = ClassicDiscriminator(net).to(device)
        self.counts = Counts()
        self.gamma = 0.0002 * net.resolution**2 / batch  # the rule of thumb of Limited Data, appendix C
        self.real, self.fake = torch.empty(0), torch.empty(0)

    @property
    def saved(self) -> dict[str, nn.Module]:
        """What belongs to a checkpoint."""
        return {"discriminators": self.discriminators, "counts": self.counts}

    @staticmethod
    def generator_rate(progress: float) -> float:  # noqa: ARG004 - other adversaries' rates fall
        """The same all along."""
        return _RATE

    def meet(self, batches: Batches) -> None:
        """Take the next real pictures."""
        self.real = batches.next().to(self.device)

    def guide(self, images: Tensor, progress: float) -> tuple[Tensor, Figures]:  # noqa: ARG002
        """The generator's non-saturating loss (Goodfellow et al. 2014) for its pictures (N, 3, R, R)."""
        self.discriminators.requires_grad_(False)
        self.fake = images.detach()
        loss = F.softplus(-self._look_at(images)).mean()
        return loss, {"generator": loss.item()}

    def learn(self) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """The discriminator's loss on the pictures just seen, its logits for real and for fake ones."""
        self.discriminators.requires_grad_(True)
        real, fake = self._look_at(self.real), self._look_at(self.fake)
        loss = F.softplus(-real).mean() + F.softplus(fake).mean()
        if int(self.counts.steps) % _R1_EVERY == 0:
            loss = loss + _R1_EVERY * self.gamma / 2 * self._r1()
        (sign,) = self.team.mean(real.detach().sign().mean())
        self.counts.adapt(float(sign), self.batch / _UP_IN)
        return loss, [real], [fake]

    def _r1(self) -> Tensor:
        """Squared gradient at real pictures (Mescheder et al. 2018), in float32, for it is derived twice."""
        images = self.real.float().requires_grad_()
        (slope,) = torch.autograd.grad(self.discriminators(images).sum(), images, create_graph=True)
        return slope.square().sum((1, 2, 3)).mean()

    def _look_at(self, images: Tensor) -> Tensor:
        share = float(self.counts.share)
        augment = Augment(geometry_share=share, colour_share=share)
        seen = augment(images, self.team.own(self.random))
        logits: Tensor = self.discriminators(seen.to(self.dtype))
        return logits


class Counts(nn.Module):
    """Steps so far, and the share of pictures that each augmentation changes."""

    steps: Tensor
    share: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.tensor(0))
        self.register_buffer("share", torch.tensor(0.0))

    def adapt(self, sign: float, by: float) -> None:
        """More augmentation when verdicts on real pictures are too often right, less when not."""
        self.steps += 1
        self.share.add_(by if sign > _WANTED else -by).clamp_(0, 1)
