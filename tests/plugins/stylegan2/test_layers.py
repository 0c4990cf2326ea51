"""Single layers against their definitions."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from doesnotexist_stylegan2.layers import Activation, Linear, Resample


def stuffed(x):
    """Zeros between the samples."""
    n, c, height, width = x.shape
    wide = x.new_zeros(n, c, 2 * height, 2 * width)
    wide[:, :, ::2, ::2] = x
    return wide


# even and odd, symmetric and not
TAPS = [
    (1.0, 1.0),
    (1.0, 2.0, 1.0),
    (1.0, 3.0, 3.0, 1.0),
    (1.0, 2.0, 6.0, 4.0, 3.0),
    (1.0, 2.0, 5.0, 4.0, 2.0, 1.0),
]


@pytest.mark.parametrize("taps", TAPS)
def test_upsampling_is_zeros_between_then_the_filter(taps):
    x = torch.randn(2, 3, 5, 5)
    line = torch.tensor(taps) * 2 / sum(taps)
    kernel = torch.outer(line, line).flip(0, 1).expand(3, 1, -1, -1)
    before, after = (len(taps) + 1) // 2, (len(taps) - 2) // 2

    expected = F.conv2d(F.pad(stuffed(x), (before, after, before, after)), kernel, groups=3)

    torch.testing.assert_close(Resample(taps).upsample(x), expected)


@pytest.mark.parametrize("taps", TAPS)
def test_smoothing_keeps_twice_the_side(taps):
    x = torch.randn(2, 3, 11, 11)
    line = torch.tensor(taps) * 2 / sum(taps)
    kernel = torch.outer(line, line).flip(0, 1).expand(3, 1, -1, -1)
    before, after = (len(taps) + 1) // 2 - 1, (len(taps) - 2) // 2

    expected = F.conv2d(F.pad(x, (before, after, before, after)), kernel, groups=3)

    assert expected.shape == (2, 3, 10, 10)
    torch.testing.assert_close(Resample(taps).smooth(x), expected)


def test_a_flat_picture_stays_flat_away_from_its_border():
    doubled = Resample((1, 3, 3, 1)).upsample(torch.ones(1, 1, 6, 6))

    torch.testing.assert_close(doubled[:, :, 1:-1, 1:-1], torch.ones(1, 1, 10, 10))


def test_the_activation_clamps_after_its_gain():
    x = torch.tensor([-10.0, 1.0, 10.0])

    assert Activation("lrelu", clamp=3.0)(x).tolist() == pytest.approx([-2 * math.sqrt(2), math.sqrt(2), 3.0])
    assert Activation("relu", clamp=3.0)(x, gain=0.5).tolist() == pytest.approx([0, 0.5 * math.sqrt(2), 1.5])


def test_linear_layers_scale_their_weights_when_they_run():
    layer = Linear(4, 2, lr_multiplier=0.01, bias=3.0)
    x = torch.randn(5, 4)

    expected = F.linear(x, layer.weight * 0.01 / 2, layer.bias * 0.01)

    torch.testing.assert_close(layer(x), expected)
