"""Sliced Wasserstein distance between patches (Karras et al. 2018, Progressive GAN, section 5).

Over the scales of a Laplacian pyramid. It needs no pretrained network, so it favours none, and sees small
structures alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

SIDE = 7
"""Of a patch, in pixels."""

_PATCHES = 32  # of a picture at each scale; the paper takes 128 of pictures a hundred times as big
_PROJECTIONS = 256
_SMALLEST = 16


def sliced_wasserstein(one: Tensor, other: Tensor) -> dict[int, float]:
    """Two sets of pictures (N, 3, R, R) in [-1, 1] -> side of the scale: distance × 1000, as in the paper"""
    count = min(len(one), len(other))
    random = torch.Generator().manual_seed(0)
    distances = {}
    for mine, yours in zip(_pyramid(one[:count]), _pyramid(other[:count]), strict=True):
        patches = _patches(mine, random), _patches(yours, random)
        distances[mine.shape[-1]] = 1000 * _sliced(*patches, random)
    return distances


def _pyramid(images: Tensor) -> list[Tensor]:
    """What each scale adds to the next coarser one, finest first; the last is the coarsest picture itself"""
    scales = []
    while images.shape[-1] > _SMALLEST:
        coarse = F.avg_pool2d(images, 2)
        scales.append(images - F.interpolate(coarse, scale_factor=2, mode="bilinear"))
        images = coarse
    return [*scales, images]


def _patches(scale: Tensor, random: torch.Generator) -> Tensor:
    """(N, 3, h, w) -> (N·patches, 147), each colour of mean 0 and deviation 1 over all patches"""
    n, _, side, _ = scale.shape
    corners = torch.randint(0, side - SIDE + 1, (2, n, _PATCHES, 1, 1, 1), generator=random)
    rows, columns = corners[0] + torch.arange(SIDE)[:, None], corners[1] + torch.arange(SIDE)
    where = torch.arange(n)[:, None, None, None, None], torch.arange(3)[:, None, None]
    patches = scale[where[0], where[1], rows, columns].flatten(0, 1)
    spread = patches.std((0, 2, 3), keepdim=True).clamp_min(1e-8)
    return ((patches - patches.mean((0, 2, 3), keepdim=True)) / spread).flatten(1)


def _sliced(one: Tensor, other: Tensor, random: torch.Generator) -> float:
    """Mean over random directions of the distance between the sorted projections."""
    total = 0.0
    for _ in range(_PROJECTIONS):
        direction = torch.randn(one.shape[1], generator=random)
        direction /= direction.norm()
        total += float(((one @ direction).sort().values - (other @ direction).sort().values).abs().mean())
    return total / _PROJECTIONS
