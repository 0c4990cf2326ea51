"""A seed means what it means in NVIDIA's scripts; play with it stays where the network was trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from doesnotexist.errors import InvalidParameter
from doesnotexist_stylegan2.generator import StyleGAN2
from doesnotexist_stylegan2.latents import layers_of, ws_of, z_of_relative, z_of_seed
from doesnotexist_stylegan2.params import PictureParams
from doesnotexist_stylegan2.pictures import StyleGAN2Pictures


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


def test_relatives_lie_at_one_angle_and_keep_their_length():
    z, near, other = z_of_seed(7)[0], z_of_relative(7, 1)[0], z_of_relative(7, 2)[0]

    for relative in (near, other):
        cosine = z @ relative / np.linalg.norm(z) / np.linalg.norm(relative)
        assert 0.8 < cosine < 0.93  # cos 30° is 0.866
        assert 0.93 < np.linalg.norm(relative) / np.linalg.norm(z) < 1.07
    assert not np.allclose(near, other)


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        (None, [4, 5, 6, 7]),
        ("3", [3]),
        ("0-2,6", [0, 1, 2, 6]),
        ("5-", [5, 6, 7]),
        ("6-99", [6, 7]),
        ("9", []),
    ],
)
def test_layers_are_named_by_number_and_span(text, layers):
    assert list(layers_of(text, num_ws=8)) == layers


def test_a_way_begins_and_ends_at_its_seeds(network):
    generator = StyleGAN2(network())
    here, there = (ws_of(generator, seed, PictureParams()) for seed in (1, 2))
    ws = {step: ws_of(generator, 1, PictureParams(toward=2, step=step)) for step in (0, 0.25, 1)}

    assert torch.equal(ws[0], here)
    assert torch.allclose(ws[1], there, atol=1e-6)
    assert torch.allclose(ws[0.25], 0.75 * here + 0.25 * there, atol=1e-6)
    assert torch.equal(ws_of(generator, 1, PictureParams(toward=2)), here.lerp(there, 0.5))


def test_mixing_takes_whole_layers_from_the_other(network):
    generator = StyleGAN2(network())
    here, there = (ws_of(generator, seed, PictureParams()) for seed in (1, 2))
    mixed = ws_of(generator, 1, PictureParams(mix=2, mix_layers="0-1,5"))

    from_there = [torch.equal(mixed[:, i], there[:, i]) for i in range(generator.num_ws)]
    from_here = [torch.equal(mixed[:, i], here[:, i]) for i in range(generator.num_ws)]
    assert [i for i, taken in enumerate(from_there) if taken] == [0, 1, 5]
    assert from_here == [not taken for taken in from_there]


def test_a_cutoff_beyond_a_small_network_truncates_all_of_it(network):
    generator = StyleGAN2(network())
    assert torch.equal(
        ws_of(generator, 1, PictureParams(cutoff=64)), ws_of(generator, 1, PictureParams(cutoff=None))
    )
    assert not torch.equal(ws_of(generator, 1, PictureParams(cutoff=1)), ws_of(generator, 1, PictureParams()))


def test_a_conditional_network_has_a_class_and_others_leave_it_aside(network):
    conditional, plain = StyleGAN2(network(c_dim=3)), StyleGAN2(network())

    def ws(generator, label):
        return ws_of(generator, 1, PictureParams(label=label))

    assert torch.equal(ws(conditional, None), ws(conditional, 0))
    assert not torch.equal(ws(conditional, 0), ws(conditional, 1))
    assert torch.equal(ws(conditional, 2), ws(conditional, 9999))
    assert torch.equal(ws(plain, None), ws(plain, 1))


@pytest.mark.parametrize(("name", "value", "partner"), [("step", 0.5, "toward"), ("mix_layers", "4-", "mix")])
def test_half_a_wish_is_refused(name, value, partner):
    with pytest.raises(InvalidParameter, match=f"{name}: expected {partner}=SEED beside it"):
        PictureParams(**{name: value})


def test_the_numbers_that_the_page_shows_are_those_that_go_in():
    numbers = StyleGAN2Pictures.numbers(None, 7)  # type: ignore[arg-type]

    assert numbers == z_of_seed(7)[0].tolist()
