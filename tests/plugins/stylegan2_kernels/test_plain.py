"""PyTorch alone computes what the textbook computes, whatever the architecture."""

from __future__ import annotations

import pytest
import torch

from doesnotexist_stylegan2.kernels.plain import PlainSynthesis

from .networks import difference, small_network, some_ws
from .textbook import Textbook

NETWORKS = {
    "small": (32, {}),
    "odd channel counts": (64, {"channel_base": 999, "channel_max": 37}),
    "winograd, features scaled": (32, {"channel_base": 8192, "channel_max": 256}),
    "winograd, weights scaled": (64, {"channel_base": 8192, "channel_max": 128}),
    "clamped": (32, {"conv_clamp": 0.4}),
    "relu": (32, {"activation": "relu"}),
    "no noise": (32, {"use_noise": False}),
    "any channels": (32, {"channel_table": (33, 70, 5, 48)}),
    "4 px": (4, {}),
    "three taps": (32, {"resample_filter": (1.0, 2.0, 1.0)}),
    "two taps": (32, {"resample_filter": (1.0, 1.0)}),
    "six taps": (32, {"resample_filter": (1.0, 2.0, 5.0, 1.0, 2.0, 2.0)}),
}


@pytest.mark.parametrize("noise", ["const", "none"])
@pytest.mark.parametrize("name", NETWORKS)
def test_it_equals_the_textbook(name: str, noise: str):
    resolution, changes = NETWORKS[name]
    network = small_network(resolution, **changes)
    ws = some_ws(network, 3)
    with torch.inference_mode():
        pictures = PlainSynthesis(network)(ws, noise)  # type: ignore[arg-type]

        assert difference(pictures, Textbook(network)(ws, noise)) < 5e-6


@pytest.mark.parametrize("architecture", ["resnet", "orig"])
def test_other_architectures_equal_the_network_itself(architecture: str):
    network = small_network(64, architecture=architecture, conv_clamp=0.6)
    ws = some_ws(network)
    with torch.inference_mode():
        assert difference(PlainSynthesis(network)(ws), network.synthesis(ws)) < 5e-6


def test_a_picture_does_not_depend_on_its_batch():
    network = small_network(64)
    plain, ws = PlainSynthesis(network), some_ws(network, 3)

    assert torch.equal(plain(ws), torch.cat([plain(ws[i : i + 1]) for i in range(3)]))


def test_a_picture_does_not_depend_on_the_number_of_threads():
    network = small_network(64, channel_base=8192, channel_max=128)
    plain, ws = PlainSynthesis(network), some_ws(network)
    expected = plain(ws)

    for threads in (1, 3, 5):
        torch.set_num_threads(threads)  # put back after every test
        assert torch.equal(plain(ws), expected)


def test_the_network_stays_as_it_was():
    network = small_network(32)
    ws = some_ws(network)
    before, names = network.synthesis(ws), list(network.state_dict())

    PlainSynthesis(network)(ws)

    assert torch.equal(network.synthesis(ws), before)
    assert list(network.state_dict()) == names
