"""The architecture is what the tensors say, and what the file says must agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from doesnotexist.errors import WeightsInvalid
from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.convert.mean import MEAN_SAMPLES, mean_w
from doesnotexist_stylegan2.convert.network import Said, assemble, taps_of
from doesnotexist_stylegan2.network import Network

from .networks import SMALL, random_tensors

TENSORS = random_tensors(SMALL)
SAID = Said(
    activation="lrelu", mapping_activation="lrelu", lr_multiplier=0.01, resample_filter=(1.0, 3.0, 3.0, 1.0)
)


def found(tensors, said=SAID) -> Architecture:
    return Architecture.from_metadata(assemble("test", tensors, said).metadata)


@settings(deadline=None)
@given(base=st.integers(16, 300), limit=st.integers(1, 20), resolution=st.sampled_from([8, 16, 32]))
def test_channel_tables_are_inferred(base, limit, resolution):
    """Another table may come out, but one of the same network; with the stated one, that very table."""
    net = replace(SMALL, channel_base=max(base, resolution), channel_max=limit, resolution=resolution)
    tensors = {name: np.zeros(shape, np.float32) for name, shape in net.shapes().items()}
    assert found(tensors).shapes() == net.shapes()
    stated = {"channel_base": net.channel_base, "channel_max": net.channel_max}
    assert found(tensors, replace(SAID, dimensions=stated)) == net


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("z_dim", 7),
        ("w_dim", 5),
        ("c_dim", 1),
        ("resolution", 32),
        ("channels", 4),
        ("mapping_layers", 8),
        ("z_dim", None),
        ("z_dim", [[[]]]),
        ("architecture", "resnet"),
        ("use_noise", False),
    ],
)
def test_a_file_that_contradicts_itself(name, value):
    with pytest.raises(WeightsInvalid, match=name):
        found(TENSORS, replace(SAID, dimensions={name: value}))


def test_a_stated_channel_table_that_does_not_fit_is_not_believed():
    assert found(TENSORS, replace(SAID, dimensions={"channel_base": 32768, "channel_max": 512})) == SMALL


@pytest.mark.parametrize("name", list(SMALL.shapes()))
def test_a_tensor_that_is_missing(name):
    if name != "mapping.w_avg":
        with pytest.raises(WeightsInvalid):
            found({key: value for key, value in TENSORS.items() if key != name})


@pytest.mark.parametrize("name", list(SMALL.shapes()))
def test_a_tensor_of_another_shape(name):
    shape = (77, *TENSORS[name].shape[1:])
    with pytest.raises(WeightsInvalid):
        found({**TENSORS, name: np.zeros(shape, np.float32)})


def test_a_tensor_of_another_network():
    with pytest.raises(WeightsInvalid, match=r"synthesis\.b16\.conv2\.weight"):
        found({**TENSORS, "synthesis.b16.conv2.weight": np.zeros(3, np.float32)})


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=3, max_size=3))
def test_channels_that_follow_no_table_are_one(widths):
    net = replace(SMALL, channel_table=tuple(widths))
    tensors = {name: np.zeros(shape, np.float32) for name, shape in net.shapes().items()}
    assert found(tensors).shapes() == net.shapes()


def test_channels_that_do_not_fit_each_other():
    wrong = {**TENSORS, "synthesis.b8.conv1.bias": np.zeros(9, np.float32)}
    with pytest.raises(WeightsInvalid, match=r"synthesis\.b8\.conv\d.*expected shape"):
        found(wrong)


@pytest.mark.parametrize("side", ["0", "5", "04", "99999"])
def test_resolutions_that_cannot_be(side):
    with pytest.raises(WeightsInvalid):
        found({**TENSORS, f"synthesis.b{side}.conv1.bias": np.zeros(8, np.float32)})


@pytest.mark.parametrize(
    "changes",
    [
        {"mapping_activation": "relu"},
        {"activation": "relu", "mapping_width": 9, "mapping_layers": 3},
        {"c_dim": 3, "label_width": 4},
        {"c_dim": 3, "label_width": 6, "labels_joined": True},
    ],
    ids=str,
)
def test_the_mean_of_the_mapping_network_is_the_loaders(changes):
    net = replace(SMALL, lr_multiplier=0.5, **changes)
    tensors = random_tensors(net)
    network = Network(net)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    z = np.random.RandomState(0).randn(MEAN_SAMPLES, net.z_dim).astype(np.float32)
    labels = torch.eye(3)[torch.arange(len(z)) % 3] if net.c_dim else None

    expected = network.mapping(torch.from_numpy(z), labels).mean(0).detach().numpy()

    np.testing.assert_allclose(mean_w(tensors, net), expected, rtol=1e-4, atol=1e-5)


def test_a_mean_that_was_computed_is_said_to_be():
    converted = assemble("test", {k: v for k, v in TENSORS.items() if k != "mapping.w_avg"}, SAID)
    assert "RandomState(0)" in converted.metadata["facts"]
    assert converted.tensors["mapping.w_avg"].shape == (6,)


def test_a_mean_that_cannot_be():
    net = replace(SMALL, lr_multiplier=100.0)
    with pytest.raises(WeightsInvalid, match="not finite"):
        mean_w({**TENSORS, "mapping.fc0.weight": np.full((6, 6), 1e38, np.float32)}, net)
    with pytest.raises(WeightsInvalid, match="too many"):
        mean_w({**TENSORS, "mapping.fc2.weight": np.zeros((3000, 3000), np.float32)}, net)


@pytest.mark.parametrize("taps", [(1, 3, 3, 1), (1, 1), (1, 2, 2, 1), (1, 4, 6, 6, 4, 1)])
@pytest.mark.parametrize("gain", [1, 4])
def test_taps(taps, gain):
    line = np.float32(taps) / sum(taps)
    assert taps_of(np.outer(line, line) * np.float32(gain)) == taps
    assert taps_of(line * np.float32(gain)) == taps


@pytest.mark.parametrize(
    "kernel",
    [np.eye(4), np.zeros((4, 4)), -np.ones((4, 4)), np.ones(()), np.ones((2, 2, 2)), np.ones((9, 9))],
)
def test_filters_that_are_none(kernel):
    with pytest.raises(WeightsInvalid, match="filter"):
        taps_of(np.float32(kernel))
