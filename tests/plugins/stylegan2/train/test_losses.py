"""Losses on numbers small enough to check by hand."""

from __future__ import annotations

import pytest
import torch

from doesnotexist_stylegan2.train.losses import (
    Moments,
    discriminator_loss,
    generator_loss,
    range_loss,
)


def test_hinge_losses():
    real, fake = [torch.tensor([2.0, 0.0])], [torch.tensor([-3.0, 1.0])]

    assert discriminator_loss(real, fake).item() == pytest.approx(0.5 + 1.0)
    assert discriminator_loss(real * 2, fake * 2).item() == pytest.approx(3.0)
    assert generator_loss(fake).item() == pytest.approx(1.0)


def test_range_costs_nothing_inside():
    assert range_loss(torch.linspace(-1, 1, 9)).item() == 0
    assert range_loss(torch.tensor([3.0, 0.0])).item() == pytest.approx(2.0)


def test_moments_of_the_same_pictures_agree():
    maps = [torch.randn(16, 5, 4, 4), torch.rand(16, 3, 8, 8)]
    moments = Moments()
    moments.update(maps)

    assert moments(maps).item() == pytest.approx(0, abs=1e-5)
    assert moments([maps[0] + 1, maps[1]]) > 0.5
    assert moments([maps[0] * 0.1, maps[1]]) > 0.5


def test_moments_see_a_colour_cast_that_keeps_the_brightness():
    grey = torch.rand(64, 1, 4, 4).expand(-1, 3, -1, -1) + 0.05 * torch.randn(64, 3, 4, 4)
    cast = torch.tensor([0.2, -0.2, 0.0])[:, None, None]
    moments = Moments()
    moments.update([grey])

    assert moments([grey + cast]) > 1  # R−G is off by many of its own small deviations


def test_moments_are_running_means():
    moments = Moments(rate=0.25)
    moments.update([torch.zeros(4, 5, 1, 1)])
    moments.update([torch.ones(4, 5, 1, 1)])

    assert moments.mean0.flatten().tolist() == [0.25] * 5
