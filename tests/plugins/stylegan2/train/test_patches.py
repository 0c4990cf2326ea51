"""Small structures, scale by scale."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from doesnotexist_stylegan2.train.patches import sliced_wasserstein


def images(count=60, seed=0):
    coarse = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return F.interpolate(coarse, scale_factor=8, mode="bilinear")


def test_a_set_is_near_to_itself_and_to_its_like():
    same, alike = sliced_wasserstein(images(), images()), sliced_wasserstein(images(), images(seed=1))

    assert list(same) == [64, 32, 16]
    assert max(same.values()) < 60  # the patches are drawn anew
    assert all(alike[side] < 200 for side in alike)


def test_noise_is_seen_at_the_scale_where_it_is():
    noisy = images() + 0.3 * torch.randn(60, 3, 64, 64, generator=torch.Generator().manual_seed(2))

    distances = sliced_wasserstein(images(), noisy)

    assert distances[64] > 2 * sliced_wasserstein(images(), images())[64]
