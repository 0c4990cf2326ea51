"""Memorised pictures are found, also mirrored."""

from __future__ import annotations

import pytest
import torch

from doesnotexist_stylegan2.train.neighbours import closeness, nearest, nearest_other

REAL = torch.randn(200, 6, generator=torch.Generator().manual_seed(0))


def mirror(rows):
    return rows.flip(1)


def test_a_copy_is_found_as_it_is_and_mirrored():
    samples = torch.stack([REAL[7], mirror(REAL[9:10])[0]])

    found = nearest(samples, mirror(samples), REAL)

    assert found.index.tolist() == [7, 9]
    assert found.distance.tolist() == pytest.approx([0, 0], abs=3e-3)


def test_a_real_picture_is_not_its_own_neighbour():
    found = nearest_other(REAL, mirror(REAL[:50]))

    assert (found.index != torch.arange(50)).all()
    assert found.distance.min() > 0


def test_a_memorised_set_is_told_from_a_learned_one():
    usual = nearest_other(REAL, mirror(REAL))
    learned = torch.randn(200, 6, generator=torch.Generator().manual_seed(1))

    copied = closeness(nearest(REAL, mirror(REAL), REAL), usual)
    fresh = closeness(nearest(learned, mirror(learned), REAL), usual)

    assert (copied["median"], copied["closer"]) == (pytest.approx(0, abs=1e-2), 1)
    assert 0.8 < fresh["median"] < 1.2
    assert fresh["closer"] < 0.1
