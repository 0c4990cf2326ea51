"""Five small discriminators: one on each projected feature map, one on raw pixels.

The first four are those of Projected GAN (Sauer et al. 2021), narrower. The fifth is ours: features of an
ImageNet classifier see absolute colour weakly, and cats stayed purple and yellow until pixels were looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .features import Features
from .projection import PROJECTED, Projection

PIXELS = 32
"""Side of the average-pooled picture that the pixel discriminator sees."""

_WIDTH_AT = {32: 64, 16: 64, 8: 128, 4: 256}
"""Channels after a stage, by its side."""


class Looker(nn.Module):
    """Everything frozen between a picture and the discriminators."""

    def __init__(self, features: Features, projection: Projection) -> None:
        super().__init__()
        self.features = features
        self.projection = projection
        self.requires_grad_(False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, 3, R, R) in [-1, 1] -> projected maps, shallowest first, then pixels (N, 3, 32, 32)"""
        maps: list[Tensor] = self.projection(self.features(images))
        pixels = F.adaptive_avg_pool2d(images, PIXELS)
        return [*maps, pixels.to(maps[0].dtype).contiguous(memory_format=torch.channels_last)]


class Discriminators(nn.Module):
    """One stack for each map: halve until 4x4, then one logit a place."""

    def __init__(self, places: Sequence[int] = (32, 16, 8, 4), pixels: int = PIXELS) -> None:
        super().__init__()
        self.stacks = nn.ModuleList(_stack(wide, side) for wide, side in zip(PROJECTED, places, strict=True))
        self.stacks.append(_stack(3, pixels))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Maps as `Looker` gives them -> logits (N, 1, 4, 4) float32 of each discriminator"""
        device = maps[0].device.type
        with torch.autocast(device, dtype=torch.bfloat16, enabled=maps[0].dtype == torch.bfloat16):
            return [stack(x).float() for stack, x in zip(self.stacks, maps, strict=True)]


def _stack(features: int, side: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    while side > 4:
        side //= 2
        layers += _stage(nn.Conv2d(features, _WIDTH_AT[side], 4, stride=2, padding=1, bias=False))
        features = _WIDTH_AT[side]
    if not layers:
        layers += _stage(nn.Conv2d(features, _WIDTH_AT[4], 3, padding=1, bias=False))
        features = _WIDTH_AT[4]
    layers.append(spectral_norm(nn.Conv2d(features, 1, 3, padding=1)))
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _stage(conv: nn.Conv2d) -> list[nn.Module]:
    return [spectral_norm(conv), nn.BatchNorm2d(conv.out_channels), nn.LeakyReLU(0.2, inplace=True)]
