"""Was a training picture memorised? Each sample beside the training pictures nearest to it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Neighbours:
    """Of each sample the nearest training picture, by one measure."""

    index: Tensor  # (N,) int64 into the training set
    distance: Tensor  # (N,) Euclidean


def nearest(samples: Tensor, mirrored: Tensor, real: Tensor) -> Neighbours:
    """Samples, the same mirrored, real pictures; each (n, d), of pixels or of features.

    Mirrored too, for training pictures are shown to the discriminators both ways.
    """
    distance, index = torch.minimum(torch.cdist(samples, real), torch.cdist(mirrored, real)).min(1)
    return Neighbours(index, distance)


def nearest_other(real: Tensor, mirrored: Tensor) -> Neighbours:
    """The same for the first real pictures (as many as are given mirrored) among all the others."""
    count = torch.arange(len(mirrored))
    distances = torch.minimum(torch.cdist(real[: len(mirrored)], real), torch.cdist(mirrored, real))
    distances[count, count] = torch.inf
    distance, index = distances.min(1)
    return Neighbours(index, distance)


def closeness(samples: Neighbours, real: Neighbours) -> dict[str, float]:
    """How near samples are to training pictures, beside how near these are to each other.

    `median` is a ratio: 0 for a memorised set. `closer` is the share of samples nearer to their neighbour
    than 99 of 100 real pictures are to theirs: 0.01 is what chance gives.
    """
    rare = samples.distance < real.distance.quantile(0.01)
    return {
        "median": float(samples.distance.median() / real.distance.median()),
        "closer": float(rare.float().mean()),
    }
