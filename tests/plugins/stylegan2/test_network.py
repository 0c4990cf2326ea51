"""The network against StyleGAN2 as the papers write it down."""

from __future__ import annotations

import pytest
import torch

from doesnotexist_stylegan2.network import truncate

from .textbook import Textbook

NETWORKS = {
    "plain": {},
    "conditional": {"c_dim": 5},
    "deep": {"mapping_layers": 8, "lr_multiplier": 0.1},
    "clamped": {"conv_clamp": 0.8},
    "without noise": {"use_noise": False},
    "relu": {"activation": "relu"},
    "resnet": {"architecture": "resnet"},
    "resnet, clamped": {"architecture": "resnet", "conv_clamp": 0.8},
    "orig": {"architecture": "orig"},
    "grey": {"channels": 1},
    "relu in the synthesis alone": {"activation": "relu", "mapping_activation": "lrelu"},
    "wide mapping": {"mapping_width": 20},
    "one layer of mapping": {"mapping_layers": 1},
    "labels of another width": {"c_dim": 5, "label_width": 7},
    "labels joined to z": {"c_dim": 5, "label_width": 16, "labels_joined": True},
    "any channels": {"channel_table": (10, 24, 6, 15)},
    "odd filter": {"resample_filter": (1.0, 2.0, 1.0), "architecture": "resnet"},
    "long lopsided filter": {"resample_filter": (1.0, 4.0, 2.0, 5.0, 1.0)},
    "4 px": {"resolution": 4},
}


@pytest.mark.parametrize("changes", NETWORKS.values(), ids=NETWORKS)
def test_equal_to_the_textbook(network, changes):
    net = network(**changes)
    textbook = Textbook(net.architecture, net.state_dict())
    z = torch.randn(3, net.architecture.z_dim)
    c = torch.eye(5)[:3] if net.architecture.c_dim else None

    w = net.mapping(z, c)
    torch.testing.assert_close(w, textbook.mapping(z, c), atol=1e-6, rtol=1e-5)

    ws = w[:, None].repeat(1, net.architecture.num_ws, 1) + 0.3 * torch.randn(3, net.architecture.num_ws, 12)
    for noise in ("const", "none"):
        expected = textbook.synthesis(ws, noise)
        assert expected.std() > 0.1  # a network that draws nothing would be equal to anything
        torch.testing.assert_close(net.synthesis(ws, noise), expected, atol=1e-5, rtol=0)


def test_noise_is_seen_and_random_noise_is_new_each_time(network):
    net = network()
    ws = torch.randn(1, net.architecture.num_ws, 12)

    first, second = (net.synthesis(ws, "random") for _ in range(2))

    assert not torch.equal(first, second)
    assert not torch.equal(net.synthesis(ws, "const"), net.synthesis(ws, "none"))


def test_half_precision_convolutions_draw_nearly_the_same(network):
    net = network()
    z = torch.randn(4, 16)

    off = net(z, dtype=torch.bfloat16) - net(z)

    assert net(z, dtype=torch.bfloat16).dtype == torch.float32
    assert off.std() < 0.05 * net(z).std()


def test_truncation_pulls_the_first_ws_to_the_mean():
    ws, mean = torch.randn(2, 6, 3), torch.randn(3)

    torch.testing.assert_close(truncate(ws, mean, 0.7), mean + 0.7 * (ws - mean))
    torch.testing.assert_close(truncate(ws, mean, -1.0), 2 * mean - ws)
    part = truncate(ws, mean, 0.0, cutoff=2)
    torch.testing.assert_close(part[:, :2], mean.expand(2, 2, 3))
    assert torch.equal(part[:, 2:], ws[:, 2:])
    assert torch.equal(truncate(ws, mean, 1.0), ws)
