"""DiffAugment (Zhao et al. 2020): the same random changes for real and fake, which gradients pass through.

Each change touches only a part of the pictures, so that it cannot leak into what the generator draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor


@dataclass(frozen=True)
class Augment:
    """How often and how strongly; the defaults are those of the best run measured."""

    shift: float = 0.125  # of the side
    cutout: float = 0.3  # of the side; half the side was worse
    geometry_share: float = 0.6  # of the pictures, for shift and for cut-out each
    colour_share: float = 0.15  # of the pictures, for each change of colour; more gave unnatural colours

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """(N, 3, R, R) in [-1, 1] -> the same shape, slightly beyond that range"""
        images = _recolour(images, self.colour_share, generator)
        images = _shift(images, self.shift, self.geometry_share, generator)
        return _cut_out(images, self.cutout, self.geometry_share, generator)


def _recolour(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    n = images.shape[0]
    brightness = _only(share, torch.rand(n, generator=generator) - 0.5, 0.0, generator)
    saturation = _only(share, torch.rand(n, generator=generator) * 2, 1.0, generator)
    contrast = _only(share, torch.rand(n, generator=generator) + 0.5, 1.0, generator)
    brightness, saturation, contrast = (
        x.to(images.device)[:, None, None, None] for x in (brightness, saturation, contrast)
    )
    images = images + brightness
    grey = images.mean(1, keepdim=True)
    images = (images - grey) * saturation + grey
    mean = images.mean((1, 2, 3), keepdim=True)
    return (images - mean) * contrast + mean


def _shift(images: Tensor, most: float, share: float, generator: torch.Generator) -> Tensor:
    """Move by up to `most` of the side; what comes in at the border is mirrored.

    Mirrored, not grey as in the paper: grey bars on most pictures taught generators to draw a grey frame.
    """
    n, _, side, _ = images.shape
    reach = round(most * side)
    moved = torch.randint(-reach, reach + 1, (n, 2), generator=generator)
    moved = _only(share, moved, 0, generator) + reach
    wide = F.pad(images, (reach, reach, reach, reach), mode="reflect").unbind(0)
    return torch.stack(
        [
            x[:, top : top + side, left : left + side]
            for x, (top, left) in zip(wide, moved.tolist(), strict=True)
        ]
    )


def _cut_out(images: Tensor, size: float, share: float, generator: torch.Generator) -> Tensor:
    """Grey out a square of `size` of the side, anywhere, also half outside."""
    n, _, side, _ = images.shape
    half = size * side / 2
    centre = torch.rand(n, 2, generator=generator) * side
    chosen = torch.rand(n, generator=generator) < share
    places = torch.arange(side) + 0.5
    rows = (places - centre[:, :1]).abs() < half
    columns = (places - centre[:, 1:]).abs() < half
    hole = rows[:, :, None] & columns[:, None, :] & chosen[:, None, None]
    return images * (~hole).to(images)[:, None]


def _only(share: float, values: Tensor, otherwise: float, generator: torch.Generator) -> Tensor:
    """`values` for a random share of the pictures, `otherwise` for the rest."""
    chosen = torch.rand(values.shape[0], generator=generator) < share
    return torch.where(chosen.reshape(-1, *[1] * (values.dim() - 1)), values, otherwise)
