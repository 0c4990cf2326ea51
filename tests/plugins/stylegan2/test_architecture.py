"""The numbers that decide a network's tensors, and the refusal of those that cannot be."""

from __future__ import annotations

import json
from math import prod

import pytest

from doesnotexist.errors import WeightsInvalid
from doesnotexist_stylegan2.architecture import Architecture


@pytest.mark.parametrize(
    ("changes", "parameters", "noise", "num_ws"),
    [
        ({}, 30_370_060, 2_796_176, 18),
        ({"resolution": 512}, 30_276_583, 699_024, 16),
        ({"resolution": 256}, 30_034_338, 174_736, 14),
        ({"resolution": 256, "channel_base": 16384}, 24_767_458, 174_736, 14),
        ({"resolution": 256, "channel_base": 16384, "mapping_layers": 2}, 23_191_522, 174_736, 14),
    ],
)
def test_published_networks_have_as_many_numbers_as_we_say(changes, parameters, noise, num_ws):
    net = Architecture(**changes)

    sizes = {name: prod(shape) for name, shape in net.shapes().items() if name != "mapping.w_avg"}

    assert sum(n for name, n in sizes.items() if not name.endswith("noise_const")) == parameters
    assert sum(n for name, n in sizes.items() if name.endswith("noise_const")) == noise
    assert net.num_ws == num_ws


def test_names_and_shapes_are_those_of_a_built_network(architecture, network):
    joined = {"c_dim": 4, "labels_joined": True, "label_width": 5, "mapping_width": 7}
    table = {"channel_table": (3, 9, 5, 7)}
    for changes in ({}, {"c_dim": 4}, {"use_noise": False}, {"architecture": "resnet"}, joined, table):
        state = network(**changes).state_dict()
        assert {name: tuple(t.shape) for name, t in state.items()} == architecture(**changes).shapes()


def test_metadata_says_it_all(architecture):
    net = architecture(conv_clamp=256.0, c_dim=3, use_noise=False, activation="relu")

    assert Architecture.from_metadata(net.to_metadata()) == net
    rare = architecture(channel_table=(3, 9, 5, 7), mapping_activation="relu", half_blocks=2)
    assert Architecture.from_metadata(rare.to_metadata()) == rare


def test_what_goes_without_saying_is_not_said(architecture):
    """Files of before these fields are still read, and the same network still has the same file."""
    assert set(json.loads(architecture().to_metadata()["architecture"])) == {
        "z_dim", "c_dim", "w_dim", "resolution", "channels", "mapping_layers", "lr_multiplier",
        "channel_base", "channel_max", "architecture", "resample_filter", "conv_clamp", "use_noise",
        "activation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "side"),
    [
        ({}, None),
        ({"conv_clamp": 256.0}, 8),
        ({"conv_clamp": 256.0, "resolution": 256}, 32),
        ({"conv_clamp": 256.0, "half_blocks": 0}, None),
        ({"conv_clamp": 256.0, "half_blocks": 2}, 16),
        ({"half_blocks": 9}, 8),
    ],
)
def test_half_precision_is_for_the_largest_blocks_of_networks_trained_with_it(architecture, changes, side):
    assert architecture(**changes).half_from == side


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("z_dim", 0),
        ("z_dim", 1 << 40),
        ("z_dim", "512"),
        ("z_dim", True),
        ("resolution", 48),
        ("resolution", 2),
        ("resolution", 1 << 14),
        ("channel_base", 16),
        ("lr_multiplier", 0),
        ("lr_multiplier", float("nan")),
        ("conv_clamp", -1.0),
        ("conv_clamp", "256"),
        ("use_noise", "no"),
        ("architecture", "stylegan3"),
        ("activation", "swish"),
        ("resample_filter", [1]),
        ("resample_filter", [1] * 9),
        ("mapping_activation", "swish"),
        ("mapping_width", 0),
        ("label_width", True),
        ("labels_joined", None),
        ("channel_table", [24, 24]),
        ("channel_table", [24, 24, 16, 0]),
        ("half_blocks", -1),
        ("resample_filter", [1, -1]),
        ("resample_filter", [1, float("inf")]),
        ("resample_filter", "1331"),
    ],
)
def test_what_cannot_be_is_refused_by_name(architecture, field, value):
    metadata = architecture().to_metadata()
    values = {**json.loads(metadata["architecture"]), field: value}

    with pytest.raises(WeightsInvalid, match=field):
        Architecture.from_metadata({**metadata, "architecture": json.dumps(values)})


@pytest.mark.parametrize(
    "change",
    [
        {"format": "pt"},
        {"architecture": "{"},
        {"architecture": "[1]"},
        {"architecture": "[" * 100_000},
        {"architecture": "{}"},
        {"architecture": '{"z_dim": 512, "surprise": 1}'},
    ],
)
def test_foreign_metadata_is_refused(architecture, change):
    with pytest.raises(WeightsInvalid):
        Architecture.from_metadata({**architecture().to_metadata(), **change})


def test_files_without_metadata_are_refused():
    with pytest.raises(WeightsInvalid, match="format"):
        Architecture.from_metadata({})
