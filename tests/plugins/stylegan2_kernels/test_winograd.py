"""Winograd's convolution is the convolution."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from doesnotexist_stylegan2.kernels import winograd

from .networks import difference


@pytest.mark.parametrize(("features_in", "features_out", "height", "width"), [(3, 5, 4, 1), (8, 2, 12, 7)])
@pytest.mark.parametrize("biased", [False, True])
def test_it_is_the_convolution(features_in, features_out, height, width, biased):
    x = torch.randn(2, features_in, height, width).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(features_out, features_in, 3, 3)
    bias = torch.randn(features_out) if biased else None

    found = winograd.convolve(x, winograd.transformed(weight), bias)

    assert found.is_contiguous(memory_format=torch.channels_last)
    assert difference(found, F.conv2d(x, weight, bias, padding=1)) < 2e-6


def test_it_pays_where_products_outweigh_sums():
    assert winograd.pays(512, 512, 64)
    assert winograd.pays(128, 128, 256)
    assert not winograd.pays(512, 512, 16)
    assert not winograd.pays(32, 32, 1024)
