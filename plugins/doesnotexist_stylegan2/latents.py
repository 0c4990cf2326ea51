"""The latent vector of a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from doesnotexist.errors import InvalidParameter

LAST_SEED = 2**32 - 1


def z_of_seed(seed: int, z_dim: int = 512) -> NDArray[np.float64]:
    """(1, z_dim) standard normal numbers; NVIDIA's convention, so a seed means the picture it means there.

    numpy has promised never to change what RandomState draws (NEP 19).
    """
    if not 0 <= seed <= LAST_SEED:
        raise InvalidParameter("seed", f"an integer from 0 to {LAST_SEED}", seed)
    return np.random.RandomState(seed).randn(1, z_dim)
