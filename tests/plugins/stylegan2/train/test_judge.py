"""Figures whose answers are known."""

from __future__ import annotations

import pytest
import torch

from doesnotexist_stylegan2.train.judge import Judge, as_images, directions, draw, frechet, mean_distance


def normal(count, deviations, mean=0.0):
    random = torch.Generator().manual_seed(0)
    return (
        torch.randn(count, len(deviations), generator=random, dtype=torch.float64) * torch.tensor(deviations)
        + mean
    )


def test_the_distance_of_two_normal_distributions():
    one, other = normal(50_000, [1.0, 2.0]), normal(50_000, [3.0, 2.0], mean=2.0)

    assert frechet(one, one) == pytest.approx(0, abs=1e-6)
    assert frechet(one, other) == pytest.approx(4 + 4 + (3 - 1) ** 2, rel=0.02)  # means, then deviations


def test_directions_are_those_in_which_pictures_vary():
    random = torch.Generator().manual_seed(0)
    basis = torch.randn(5, 3 * 16, generator=random)
    five = (torch.randn(400, 5, generator=random) @ basis).reshape(400, 3, 4, 4)

    assert 4 < directions(five) <= 5.001
    assert directions(five[:, :1, :1, :1].expand(-1, 3, 4, 4)) == pytest.approx(1, abs=0.01)


def test_mean_distance():
    assert mean_distance(torch.tensor([[0.0], [1.0], [3.0]])) == pytest.approx(2.0)


def test_the_real_pictures_themselves_get_full_marks(judge, reals):
    verdict = judge.of(judge.images)

    assert verdict.frechet == pytest.approx(0, abs=1e-3)
    assert (verdict.variety, verdict.directions) == pytest.approx((1, 1))
    assert judge.floor() > 0


def test_one_picture_again_and_again_gets_none(judge, reals):
    verdict = judge.of(as_images(reals[:1]).expand(20, -1, -1, -1))

    assert verdict.frechet > 0.5 * judge.floor()
    assert verdict.variety < 0.01
    assert verdict.directions < 0.2


def test_the_same_generator_gets_the_same_figures(judge, network):
    assert judge(network()) == judge(network())


def test_pictures_are_drawn_as_many_as_asked_for_and_truncated(network):
    net = network()
    net.mapping.w_avg.copy_(torch.randn(net.mapping.w_avg.shape))

    mean, spread = (torch.cat(list(draw(net, 70, psi))) for psi in (0.0, 1.0))

    assert (mean.shape, spread.abs().max() <= 1) == ((70, 3, 32, 32), True)
    torch.testing.assert_close(mean, mean[:1].expand_as(mean), atol=1e-4, rtol=0)
    assert spread.std(0).max() > 0.01


def test_no_more_reals_than_asked_for(reals):
    assert len(Judge(reals, "cpu", samples=8, reals=12).real) == 12
