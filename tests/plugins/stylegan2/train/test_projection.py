"""Frozen random mixing."""

from __future__ import annotations

import torch

from doesnotexist_stylegan2.train.features import WIDTHS
from doesnotexist_stylegan2.train.projection import PROJECTED, Projection

PLACES = (32, 16, 8, 4)


def projection(seed):
    return Projection(torch.Generator().manual_seed(seed))


def taps():
    return [torch.randn(1, wide, side, side) for wide, side in zip(WIDTHS, PLACES, strict=True)]


def test_maps_keep_their_places_and_about_their_size():
    maps = projection(0)(taps())

    assert [x.shape[1:] for x in maps] == [
        (wide, side, side) for wide, side in zip(PROJECTED, PLACES, strict=True)
    ]
    assert all(0.5 < x.std() < 5 for x in maps)


def test_shallow_maps_know_of_deep_ones_and_not_the_other_way_round():
    mix, before = projection(0), taps()
    deep, shallow = [*before[:3], before[3] + 1], [before[0] + 1, *before[1:]]

    assert not torch.equal(mix(deep)[0], mix(before)[0])
    assert torch.equal(mix(shallow)[3], mix(before)[3])


def test_a_seed_is_a_mixing_and_a_state_dict_carries_it():
    one, other, seen = projection(1), projection(2), taps()

    assert torch.equal(one(seen)[0], projection(1)(seen)[0])
    assert not torch.equal(one(seen)[0], other(seen)[0])
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(seen)[0], other(seen)[0])
