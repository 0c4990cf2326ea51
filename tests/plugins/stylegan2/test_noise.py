"""Noise that is drawn: from its seed alone, whatever surrounds the picture."""

from __future__ import annotations

import pytest
import torch

from doesnotexist.errors import InvalidParameter
from doesnotexist_stylegan2.generator import StyleGAN2
from doesnotexist_stylegan2.latents import z_of_seed
from doesnotexist_stylegan2.noise import SeededNoise, noise_of


@pytest.fixture
def generator(network):
    return StyleGAN2(network())


@pytest.fixture
def ws(generator):
    return generator.map(torch.randn(3, 16))


def test_the_numbers_of_a_seed_never_change():
    noise = SeededNoise(7)

    expected = torch.tensor([[-0.63587147, -1.2343866], [1.7795178, 0.8088503]])
    torch.testing.assert_close(noise.normal(2), expected)
    torch.testing.assert_close(noise.uniform(1), torch.tensor([[0.95979506]]))


def test_the_noise_of_a_seed_is_not_its_z():
    assert not set(SeededNoise(7).normal(4).flatten().tolist()) & set(z_of_seed(7).astype("f4")[0].tolist())


def test_noise_has_the_variance_that_networks_were_trained_with():
    map_ = SeededNoise(0).normal(128)

    assert abs(float(map_.mean())) < 0.03
    assert abs(float(map_.std()) - 1) < 0.03


def test_the_same_seed_gives_the_same_picture_in_any_batch(generator, ws):
    together = generator.synthesize(ws, "random", noise_seed=[1, 2, 3])

    for one, seed, picture in zip(ws, (1, 2, 3), together, strict=True):
        assert torch.equal(generator.synthesize(one[None], "random", noise_seed=seed)[0], picture)


def test_each_seed_gives_another_picture(generator, ws):
    one, other, const = (
        generator.synthesize(ws[:1], "random", noise_seed=1),
        generator.synthesize(ws[:1], "random", noise_seed=2),
        generator.synthesize(ws[:1]),
    )

    assert not torch.equal(one, other)
    assert not torch.equal(one, const)


def test_one_seed_is_the_noise_of_every_picture(generator, ws):
    assert torch.equal(
        generator.synthesize(ws, "random", noise_seed=5),
        generator.synthesize(ws, "random", noise_seed=[5, 5, 5]),
    )


def test_every_layer_has_noise_of_its_own(generator, ws):
    """The picture is that of a network whose fixed maps are the drawn ones, in the order of its layers."""
    drawn = generator.synthesize(ws[:1], "random", noise_seed=9)

    noise = SeededNoise(9)
    for name, tensor in generator.network.state_dict().items():  # conv0 before conv1, from 4x4 up
        if name.endswith("noise_const"):
            tensor.copy_(noise.normal(len(tensor)))

    torch.testing.assert_close(drawn, StyleGAN2(generator.network).synthesize(ws[:1]), atol=1e-6, rtol=0)


def test_without_a_seed_noise_is_new_each_time_and_follows_torch(generator, ws):
    torch.manual_seed(3)
    first, second = (generator.synthesize(ws[:1], "random") for _ in range(2))
    torch.manual_seed(3)

    assert not torch.equal(first, second)
    assert torch.equal(generator.synthesize(ws[:1], "random"), first)


@pytest.mark.parametrize("seed", [-1, 2**32, [1, 2], [], 1.5, [1, 2, "3"]], ids=str)
def test_wrong_seeds_are_refused(seed):
    with pytest.raises(InvalidParameter, match="noise_seed"):
        noise_of("random", seed, 3)


@pytest.mark.parametrize("noise", ["const", "none"])
def test_a_seed_that_would_change_nothing_is_refused(noise):
    with pytest.raises(InvalidParameter, match="noise_seed"):
        noise_of(noise, 1, 3)
