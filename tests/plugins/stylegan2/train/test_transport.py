"""Spread as real pictures are, along every principal component."""

from __future__ import annotations

import pytest
import torch

from doesnotexist_stylegan2.train.transport import Transport, views, whitening


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def fitted(real, rate=1.0):
    transport = Transport(rate)
    transport.fit([real])
    return transport


def test_components_are_scaled_to_variance_one():
    real = random(2000, 6) * torch.tensor([100.0, 10, 1, 0.1, 0.01, 0.001])

    at = (real - real.mean(0)) @ whitening(real - real.mean(0), 4)

    torch.testing.assert_close(at.t() @ at / 2000, torch.eye(4), atol=1e-3, rtol=0)


def test_the_same_pictures_have_the_same_components():
    torch.manual_seed(1)
    first = whitening(random(50, 8), 3)
    torch.manual_seed(2)

    assert torch.equal(whitening(random(50, 8), 3), first)


def test_real_pictures_are_where_they_should_be():
    real = random(400, 20)

    assert fitted(real)([real]) < 1e-4


def test_a_collapse_that_keeps_the_mean_distance_is_seen():
    real = random(400, 20)
    collapsed = random(400, 20) @ torch.diag(torch.tensor([20**0.5] + [0.0] * 19))

    assert torch.pdist(collapsed).mean() > 0.6 * torch.pdist(real).mean()
    assert fitted(real)([collapsed]) > 0.3


def test_its_gradient_undoes_a_shift_and_a_shrinking():
    real = random(4000, 8)
    fake = (0.5 * random(4000, 8) + 0.7).requires_grad_()
    transport = fitted(real)

    for _ in range(40):
        (grad,) = torch.autograd.grad(transport([fake]), fake)
        fake = (fake - 4000 * grad).detach().requires_grad_()

    at = (fake - real.mean(0)) @ transport.get_buffer("basis0")
    assert at.mean(0).abs().max() < 0.01
    assert (at.std(0) - 1).abs().max() < 0.01


def test_moments_run_over_batches_too_small_to_show_them():
    real = random(400, 20)
    transport = fitted(real, rate=0.05)

    losses = [transport([batch]) for batch in (2 * random(2000, 20)).split(4)]

    assert losses[0] < losses[-1] == pytest.approx(1.0, abs=0.5)  # from deviation 2 to deviation 1


def test_views_are_two_deep_maps_and_coarse_pixels():
    maps = [
        torch.zeros(2, 1, 32, 32),
        torch.zeros(2, 1, 16, 16),
        torch.ones(2, 3, 8, 8),
        torch.ones(2, 5, 4, 4),
    ]

    found = views(maps, torch.ones(2, 3, 64, 64))

    assert [tuple(view.shape) for view in found] == [(2, 3 * 64), (2, 5 * 16), (2, 3 * 256)]
