"""Random changes that leave most pictures alone and let gradients through."""

from __future__ import annotations

import torch

from doesnotexist_stylegan2.train.augment import Augment


def random():
    return torch.Generator().manual_seed(3)


def images(count=64):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_no_share_is_no_change():
    untouched = Augment(geometry_share=0.0, colour_share=0.0)(images(), random())

    torch.testing.assert_close(untouched, images())


def test_the_same_stream_is_the_same_change():
    assert torch.equal(Augment()(images(), random()), Augment()(images(), random()))


def test_a_share_of_pictures_changes_colour():
    changed = Augment(geometry_share=0.0, colour_share=0.1)(images(1000), random())

    touched = (changed - images(1000)).abs().amax((1, 2, 3)) > 1e-5
    assert 0.2 < touched.float().mean() < 0.34  # 1 − 0.9³


def test_shifted_pictures_have_no_bars():
    flat = torch.full((32, 3, 32, 32), 0.7)

    assert torch.equal(Augment(cutout=0.0, colour_share=0.0, geometry_share=1.0)(flat, random()), flat)


def test_cut_out_is_a_grey_square():
    flat = torch.full((200, 3, 32, 32), 0.7)

    holes = Augment(shift=0.0, cutout=0.3, colour_share=0.0, geometry_share=0.5)(flat, random()) == 0

    sizes = holes[:, 0].flatten(1).sum(1)
    assert 0.35 < (sizes > 0).float().mean() < 0.65
    assert sizes.max() <= 10 * 10


def test_gradients_pass():
    x = images(4).requires_grad_()

    Augment(geometry_share=1.0, colour_share=1.0)(x, random()).square().sum().backward()

    assert x.grad.abs().sum() > 0
