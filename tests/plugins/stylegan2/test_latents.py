"""A seed means what it means in NVIDIA's scripts."""

from __future__ import annotations

import numpy as np
import pytest

from doesnotexist.errors import InvalidParameter
from doesnotexist_stylegan2.latents import z_of_seed


def test_seed_zero_begins_as_it_does_everywhere():
    z = z_of_seed(0)

    assert z.shape == (1, 512)
    assert z[0, :3].tolist() == [1.764052345967664, 0.4001572083672233, 0.9787379841057392]


def test_a_shorter_vector_is_the_beginning_of_a_longer_one():
    assert np.array_equal(z_of_seed(85, 128), z_of_seed(85)[:, :128])


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_out_of_range_are_refused(seed):
    with pytest.raises(InvalidParameter, match="seed"):
        z_of_seed(seed)


def test_the_last_seed_is_one():
    assert z_of_seed(2**32 - 1).shape == (1, 512)
