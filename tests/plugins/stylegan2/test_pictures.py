"""A batch of pictures equals its pictures, however many are made at a time."""

from __future__ import annotations

import pytest
import torch

from doesnotexist import Recipe
from doesnotexist.engine import Maker
from doesnotexist_stylegan2.generator import StyleGAN2
from doesnotexist_stylegan2.pictures import PictureSampler

WAYS = [{"psi": 0.7}, {"psi": -1.0}, {"psi": 1.0, "noise": "random"}, {"psi": 0.5, "mix": 3}]


@pytest.mark.parametrize("kernels", ["auto", "plain"])
def test_pictures_made_side_by_side_are_those_made_alone(network, kernels):
    sampler = PictureSampler(StyleGAN2(network(), kernels=kernels))
    assert sampler.side_by_side
    recipes = [Recipe("faces/x", "0" * 64, seed, WAYS[seed % len(WAYS)]) for seed in range(24)]
    alone = [sampler.sample([recipe])[0].pixels.tobytes() for recipe in recipes]
    for threads in (2, 5):
        maker = Maker(lambda _card: sampler, threads=threads)
        assert maker._pool is not None
        made = maker._pool.map(lambda recipe: sampler.sample([recipe])[0].pixels.tobytes(), recipes)
        assert list(made) == alone
        maker.close()
    assert len(set(alone)) == len(alone)


def test_a_batch_of_all_kinds_is_in_order(network):
    sampler = PictureSampler(StyleGAN2(network()))
    recipes = [Recipe("faces/x", "0" * 64, seed, WAYS[seed % len(WAYS)]) for seed in range(8)]
    together = [sample.pixels.tobytes() for sample in sampler.sample(recipes)]
    assert together == [sampler.sample([recipe])[0].pixels.tobytes() for recipe in recipes]


def test_a_large_picture_has_the_threads_to_itself(network):
    sampler = PictureSampler(StyleGAN2(network(resolution=256, channel_base=256, channel_max=8)))
    assert not sampler.side_by_side
    recipe = Recipe("faces/x", "0" * 64, 7, {"psi": 0.7})
    told = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        told.append(sampler.sample([recipe])[0].pixels.tobytes())
    assert told[0] == told[1]
