"""The noise that gives a picture its fine detail: pores, hairs, grains.

A network brings one fixed map for each layer (`const`). Where maps are drawn anew (`random`), a picture may
have a seed for them, and then has the same noise on any machine, with any kernels and in any batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from doesnotexist.errors import InvalidParameter
from doesnotexist.recipe import MAX_SEED

NOISES = ("const", "none", "random")

# Beside the seed, so that noise and z of one seed are different numbers.
_STREAM = 1


class SeededNoise:
    """The noise of one picture: its layers ask for their maps in the order in which they run."""

    def __init__(self, seed: int) -> None:
        # numpy has promised never to change what RandomState draws (NEP 19); torch promises no such thing.
        self._state = np.random.RandomState((seed, _STREAM))

    def normal(self, side: int) -> Tensor:
        """(side, side) float32 of mean 0 and variance 1"""
        return torch.from_numpy(self._state.standard_normal((side, side)).astype(np.float32))

    def uniform(self, side: int) -> Tensor:
        """(side, side) float32 in [0, 1]"""
        return torch.from_numpy(self._state.random_sample((side, side)).astype(np.float32))


Noise = Literal["const", "none", "random"] | SeededNoise
"""What layers take: a map of the network's own, none, one drawn from torch's global state, or a picture's."""


def noise_of(noise: str, seeds: int | Sequence[int] | None, count: int) -> list[SeededNoise] | None:
    """The noise of each of `count` pictures, None unless it is `random`; raises `InvalidParameter`.

    One seed for all of them gives them all the same noise. Without one, each gets a seed from torch.
    """
    if noise not in NOISES:
        raise InvalidParameter("noise", f"one of {', '.join(NOISES)}", noise)
    if noise != "random":
        if seeds is not None:
            raise InvalidParameter("noise_seed", f"no seed, since the noise is {noise}", seeds)
        return None
    if seeds is None:
        return [SeededNoise(int(seed)) for seed in torch.randint(MAX_SEED + 1, (count,))]
    chosen = list(seeds) if isinstance(seeds, Sequence) else [seeds] * count
    if len(chosen) != count:
        raise InvalidParameter("noise_seed", f"one seed, or one for each of {count} pictures", len(chosen))
    for seed in chosen:
        if not isinstance(seed, int | np.integer) or not 0 <= seed <= MAX_SEED:
            raise InvalidParameter("noise_seed", f"an integer from 0 to {MAX_SEED}", seed)
    return [SeededNoise(int(seed)) for seed in chosen]
