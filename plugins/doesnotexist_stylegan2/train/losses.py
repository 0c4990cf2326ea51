"""What generator and discriminators are trained for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from doesnotexist.team import ALONE, Team


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Hinge loss (Lim and Ye 2017), summed over the discriminators."""
    pairs = zip(real, fake, strict=True)
    return torch.stack([F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in pairs]).sum()


def generator_loss(fake: Sequence[Tensor]) -> Tensor:
    """The generator's side of the hinge loss."""
    return -torch.stack([logits.mean() for logits in fake]).sum()


def range_loss(images: Tensor) -> Tensor:
    """Zero inside [-1, 1].

    Without it early pictures leave the range, features saturate (ReLU6), the discriminators win for good.
    """
    return F.relu(images.abs() - 1).square().mean()


class Moments(nn.Module):
    """Feature matching against running moments of the real maps (after Santos et al. 2019).

    Mean and variance per channel and place. It keeps colour and variety right in the first minutes, when the
    discriminators' verdicts say little.
    """

    def __init__(self, rate: float = 0.02, team: Team = ALONE) -> None:
        super().__init__()
        self.rate, self.team = rate, team

    def update(self, real: Sequence[Tensor]) -> None:
        """Learn from maps of real pictures, each (N, C, h, w)."""
        for level, x in enumerate(map(_with_colour_differences, real)):
            mean, variance = self.team.mean(x.mean(0), x.var(0))
            if not hasattr(self, f"mean{level}"):
                self.register_buffer(f"mean{level}", mean)
                self.register_buffer(f"variance{level}", variance)
            self.get_buffer(f"mean{level}").lerp_(mean, self.rate)
            self.get_buffer(f"variance{level}").lerp_(variance, self.rate)

    def forward(self, fake: Sequence[Tensor]) -> Tensor:
        """Distance of the batch's moments from those learned, in standard deviations; sum over levels"""
        distances = []
        for level, x in enumerate(map(_with_colour_differences, fake)):
            sd_real = (self.get_buffer(f"variance{level}") + 1e-4).sqrt()
            sd_fake = (x.var(0) + 1e-4).sqrt()
            off = (x.mean(0) - self.get_buffer(f"mean{level}")).abs() / sd_real
            distances.append(off.mean() + (sd_fake / sd_real - 1).abs().mean())
        return torch.stack(distances).sum()

    def adopt(self, state: Mapping[str, Tensor]) -> None:
        """Make room for the buffers of a checkpoint: there are none before the first real pictures."""
        for name, value in state.items():
            self.register_buffer(name, value.clone())


def _with_colour_differences(x: Tensor) -> Tensor:
    """Pixels (3 channels) also as R−G and B−G, float32; other maps as they are, float32."""
    x = x.float()
    if x.shape[1] != 3:
        return x
    return torch.cat([x, x[:, :1] - x[:, 1:2], x[:, 2:] - x[:, 1:2]], dim=1)
