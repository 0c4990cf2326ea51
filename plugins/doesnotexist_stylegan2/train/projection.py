"""Random mixing of features, frozen (Projected GANs Converge Faster, Sauer et al. 2021, section 3.2).

Mixing across channels and then across scales makes the discriminators look at all of the features, not only
at the few that tell real from fake most easily. The tensors are random but belong to the run: discriminators
mean nothing without them, so they are saved with every checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from .features import WIDTHS

MIXED = (32, 64, 128, 256)
"""Channels after mixing across channels, shallowest first."""

PROJECTED = (32, 32, 64, 128)
"""Channels of each projected map, so chosen that doubled it can be added to the mixed map above it."""


class Projection(nn.Module):
    """1x1 convolutions across channels, then from the deepest map upwards: 3x3, double, add."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        for level, (seen, mixed) in enumerate(zip(WIDTHS, MIXED, strict=True)):
            self.register_buffer(f"across{level}", _gaussian((mixed, seen, 1, 1), generator))
            self.register_buffer(f"scale{level}", _gaussian((PROJECTED[level], mixed, 3, 3), generator))

    def forward(self, taps: Sequence[Tensor]) -> list[Tensor]:
        """Maps of `features.WIDTHS` channels -> of `PROJECTED` channels, shallowest first"""
        projected: list[Tensor] = []
        for level in reversed(range(len(taps))):
            x = F.conv2d(taps[level], self.get_buffer(f"across{level}"))
            if projected:
                x = x + F.interpolate(projected[0], scale_factor=2, mode="bilinear")
            projected.insert(0, F.conv2d(x, self.get_buffer(f"scale{level}"), padding=1))
        return projected


def _gaussian(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    fan_in = math.prod(shape[1:])
    return torch.randn(shape, generator=generator) * math.sqrt(2 / fan_in)
