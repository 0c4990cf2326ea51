"""What is particular to each code base's files."""

from __future__ import annotations

import argparse
import json
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
import torch

from doesnotexist.errors import WeightsInvalid
from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.convert.bimodal import ALPHABET
from doesnotexist_stylegan2.convert.checkpoint import convert_bytes

from . import molecules
from .networks import (
    CONFIG,
    LABELLED,
    SMALL,
    Network,
    lucidrains,
    lucidrains_tensors,
    named,
    nvidia_tf,
    nvidia_torch,
    random_tensors,
    rosinality,
    rosinality_state,
    saved,
    tf_network,
)
from .networks import Persistent as Module

TENSORS = random_tensors(SMALL)


def convert(data: bytes, config: str | None = None):
    return convert_bytes(memoryview(data), config)


# NVIDIA, TensorFlow


def tf_bytes(network: Network) -> bytes:
    import pickle

    with named({"dnnlib.tflib.network.Network": Network}):
        return pickle.dumps(network, 4)


def test_tf_old_name_of_numpys_module():
    data = nvidia_tf(SMALL, TENSORS, protocol=2).replace(
        b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"
    )
    assert b"numpy._core" not in data
    assert Architecture.from_metadata(convert(data).metadata) == SMALL


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"normalize_latents": False}, "does not normalise"),
        ({"nonlinearity": 3}, "no texts"),
        ({"mapping_nonlinearity": "swish"}, "mapping_activation"),
        ({"mapping_lrmul": "x"}, "no numbers"),
        ({"resample_kernel": "1331"}, "no list of numbers"),
        ({"resample_kernel": [1, "3"]}, "no list of numbers"),
        ({"resolution": 64}, "resolution"),
        ({"architecture": "other"}, "architecture"),
        ({"architecture": "resnet"}, "'resnet', but its tensors make it skip"),
        ({"use_noise": False}, "use_noise"),
    ],
)
def test_tf_options_that_no_loader_can_run(options, reason):
    with pytest.raises(WeightsInvalid, match=reason):
        convert(nvidia_tf(SMALL, TENSORS, **options))


def test_tf_options_of_none_are_the_defaults():
    absent = dict.fromkeys(("architecture", "nonlinearity", "mapping_lrmul", "num_fp16_res", "fmap_max"))
    assert Architecture.from_metadata(convert(nvidia_tf(SMALL, TENSORS, **absent)).metadata) == SMALL
    box = convert(nvidia_tf(SMALL, TENSORS, resample_kernel=None))
    assert Architecture.from_metadata(box.metadata).resample_filter == (1, 1)
    kernel = convert(nvidia_tf(SMALL, TENSORS, resample_kernel=np.float32([1, 2, 1])))
    assert Architecture.from_metadata(kernel.metadata).resample_filter == (1, 2, 1)


def test_tf_options_of_the_parts_alone():
    network = tf_network(replace(SMALL, activation="relu"), TENSORS)
    network.state["static_kwargs"] = {}
    assert Architecture.from_metadata(convert(tf_bytes(network)).metadata).activation == "relu"


def test_tf_in_company():
    """Other members of the tuple may be gone, and the raw generator is not taken."""
    import pickle

    with named({"dnnlib.tflib.network.Network": Network}):
        data = pickle.dumps(
            (tf_network(SMALL, random_tensors(SMALL, seed=9)), None, tf_network(SMALL, TENSORS))
        )
    name = "synthesis.b8.conv1.weight"
    assert (convert(data).tensors[name] == TENSORS[name]).all()


def test_tf_variables_all_in_one_place():
    """Networks without components, as some tools write them."""
    network = tf_network(SMALL, TENSORS)
    for name, part in network.state["components"].items():
        network.state["variables"] += [(f"{name}/{place}", value) for place, value in part.state["variables"]]
    del network.state["components"]
    assert Architecture.from_metadata(convert(tf_bytes(network)).metadata) == SMALL


@pytest.mark.parametrize("version", [3, 6, None, "4", (((),),)])
def test_tf_other_versions(version):
    with pytest.raises(WeightsInvalid, match="version"):
        convert(nvidia_tf(SMALL, TENSORS, version=version))


@pytest.mark.parametrize(
    "name",
    [
        "4x4/Conv1/bias",
        "8x8/Conv2/weight",
        "8x9/Conv1/weight",
        "8x8/Conv1/other",
        "noise99999",
        "noisex",
        "a",
        "8x8/Conv1/weight/x",
    ],
)
def test_tf_variables_that_belong_to_no_generator(name):
    network = tf_network(SMALL, TENSORS)
    network.state["components"]["synthesis"].state["variables"].append(
        (name, np.zeros((1, 1, 2, 2), np.float32))
    )
    with pytest.raises(WeightsInvalid):
        convert(tf_bytes(network))


def test_tf_states_that_are_none():
    for field, value in [
        ("variables", 7),
        ("components", []),
        ("static_kwargs", None),
        ("variables", [("a",)]),
        ("variables", [("a", "b")]),
        ("components", {"mapping": 3}),
    ]:
        network = tf_network(SMALL, TENSORS)
        network.state[field] = value
        with pytest.raises(WeightsInvalid):
            convert(tf_bytes(network))


def test_tf_networks_inside_themselves():
    network = tf_network(SMALL, TENSORS)
    network.state["components"]["mapping"].state["components"] = {"again": network}
    with pytest.raises(WeightsInvalid):
        convert(tf_bytes(network))


# NVIDIA, PyTorch


def torch_bytes(change) -> bytes:
    """A generator whose module tree was changed before it was written."""
    from . import networks

    made = networks.persistent_generator

    def altered(*args, **kwargs):
        root = made(*args, **kwargs)
        change(root)
        return root

    networks.persistent_generator = altered
    try:
        return nvidia_torch(SMALL, TENSORS, snapshot=False)
    finally:
        networks.persistent_generator = made


def test_stylegan3_is_told_apart():
    data = torch_bytes(lambda root: root.synthesis.add_module("input", Module("SynthesisInput")))
    with pytest.raises(WeightsInvalid, match="StyleGAN3"):
        convert(data)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda root: setattr(root.synthesis.b8.conv1, "conv_clamp", 7), "disagree about conv_clamp"),
        (lambda root: setattr(root.mapping.fc0, "bias_gain", 1), "disagree about bias_gain"),
        (lambda root: setattr(root.mapping.fc0, "bias_gain", "x"), "bias_gain is no such thing"),
        (lambda root: setattr(root.synthesis.b8, "architecture", "orig"), "disagree about architecture"),
        (lambda root: setattr(root, "z_dim", 9), "z_dim"),
        (lambda root: root.synthesis.b8.conv1.resample_filter.fill_(1), "disagree about the resampling"),
        (lambda root: root.synthesis.add_module("b32", root.synthesis.b8), "resolution"),
    ],
)
def test_networks_that_contradict_themselves(change, reason):
    with pytest.raises(WeightsInvalid, match=reason):
        convert(torch_bytes(change))


def test_the_raw_generator_is_taken_where_there_is_no_other():
    """And the file says so."""
    data = nvidia_torch(SMALL, TENSORS).replace(b"G_ema", b"G_emx")
    converted = convert(data)
    assert "no G_ema" in json.loads(converted.metadata["facts"])["averaged"]
    name = "synthesis.b8.conv1.weight"
    assert (converted.tensors[name] == random_tensors(SMALL, seed=9)[name]).all()


def test_a_snapshot_that_torch_saved():
    """The same objects in torch's container in place of a plain pickle."""
    from . import networks

    members = {"torch_utils.persistence._reconstruct_persistent_obj": networks._reconstruct_persistent_obj,
               "dnnlib.util.EasyDict": networks.EasyDict}  # fmt: skip
    for archive in (True, False):
        with named(members):
            data = saved({"G_ema": networks.persistent_generator(SMALL, TENSORS)}, archive=archive)
        assert Architecture.from_metadata(convert(data).metadata) == SMALL


def test_older_files_without_some_fields_have_nvidias_defaults():
    def forget(root):
        for module in root.modules():
            for name in ("activation", "architecture", "conv_clamp", "bias_gain", "use_fp16"):
                module.__dict__.pop(name, None)

    assert Architecture.from_metadata(convert(torch_bytes(forget)).metadata) == SMALL


# rosinality


def test_rosinality_training_checkpoint():
    """With arguments and optimisers, without a mean."""
    state = rosinality_state(SMALL, TENSORS)
    other = OrderedDict((name, value + 1) for name, value in state.items())
    optimiser = {
        "state": {0: {"step": 7, "exp_avg": torch.zeros(3)}},
        "param_groups": [{"lr": 0.002, "params": [0]}],
    }
    args = argparse.Namespace(size=16, latent=6, n_mlp=2, arch="stylegan2", channel_multiplier=2)
    whole = {"g": other, "d": other, "g_ema": state, "g_optim": optimiser, "args": args, "ada_aug_p": 0.5}
    converted = convert(saved(whole))
    assert Architecture.from_metadata(converted.metadata) == SMALL
    assert "mean of 10000" in json.loads(converted.metadata["facts"])["w_avg"]
    assert (converted.tensors["synthesis.b8.conv0.weight"] == TENSORS["synthesis.b8.conv0.weight"]).all()


def test_rosinality_state_dict_alone():
    converted = convert(saved(rosinality_state(SMALL, TENSORS)))
    assert converted.source_format == "rosinality-zip"


def test_rosinality_without_noise_images():
    first, second = (convert(rosinality(SMALL, TENSORS, noise=False)) for _ in range(2))
    assert "drawn" in json.loads(first.metadata["facts"])["noise_const"]
    name = "synthesis.b16.conv1.noise_const"
    assert (first.tensors[name] == second.tensors[name]).all()


@pytest.mark.parametrize(
    "key",
    [
        "conv1.conv.weight",
        "convs.0.bias",
        "convs.99.conv.weight",
        "style.0.weight",
        "other",
        "noises.noise_99",
    ],
)
def test_rosinality_strange_tensors(key):
    state = rosinality_state(SMALL, TENSORS)
    state[key] = torch.zeros(3)
    with pytest.raises(WeightsInvalid):
        convert(saved({"g_ema": state}))


def test_state_dicts_hold_tensors():
    state = rosinality_state(SMALL, TENSORS)
    with pytest.raises(WeightsInvalid, match="something else than tensors"):
        convert(saved({"g_ema": {**state, "x": 3}}))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_types_of_numbers(dtype):
    state = OrderedDict((name, value.to(dtype)) for name, value in rosinality_state(SMALL, TENSORS).items())
    converted = convert(saved({"g_ema": state}))
    expected = torch.from_numpy(TENSORS["synthesis.b8.conv0.weight"]).to(dtype).float().numpy()
    assert (converted.tensors["synthesis.b8.conv0.weight"] == expected).all()


# lucidrains


@pytest.mark.parametrize("archive", [True, False])
def test_lucidrains(archive):
    converted = convert(lucidrains(archive=archive), json.dumps(CONFIG))
    expected = lucidrains_tensors()
    assert converted.tensors.keys() == expected.keys()
    assert all((converted.tensors[name] == value.numpy()).all() for name, value in expected.items())
    architecture = json.loads(converted.metadata["architecture"])
    assert architecture == {"kind": "lucidrains", "latent_dim": 4, "style_depth": 2, "channels": 3,
                            "version": "1.9.0", **CONFIG}  # fmt: skip
    assert converted.metadata["format"] == "doesnotexist-lucidrains/1"


def test_lucidrains_is_no_stylegan2_for_the_loader():
    with pytest.raises(WeightsInvalid, match="format"):
        Architecture.from_metadata(convert(lucidrains()).metadata)


@pytest.mark.parametrize(
    "config",
    [
        "",
        "[]",
        "x",
        '{"image_size": "8"}',
        '{"fq_layers": [[]]}',
        "[" * 60_000,
        '{"lr_mlp": NaN}',
        '{"lr_mlp": 1e999}',
        '{"image_size": ' + "9" * 5000 + "}",
        '{"image_size": true, "lr_mlp": "x"}',
    ],
)
def test_lucidrains_configurations_that_are_none(config):
    with pytest.raises(WeightsInvalid, match="configuration"):
        convert(lucidrains(), config)


def test_lucidrains_without_averages():
    with pytest.raises(WeightsInvalid, match="SE and GE"):
        convert(saved({"GAN": OrderedDict(x=torch.zeros(3))}))


# BIMODAL


@pytest.mark.parametrize("archive", [True, False])
def test_bimodal(archive):
    network = molecules.module()
    converted = convert(molecules.bimodal(network, archive=archive))
    expected = molecules.tensors(network)
    assert converted.tensors.keys() == expected.keys()
    assert all((converted.tensors[name] == value).all() for name, value in expected.items())
    architecture = json.loads(converted.metadata["architecture"])
    assert architecture["alphabet"] == ALPHABET
    assert (architecture["hidden"], architecture["layers"], architecture["norm_eps"]) == (
        3,
        2,
        [0.001, 0.001],
    )


def test_bimodal_alphabet():
    """The 55 characters of the repository that the files belong to."""
    assert len(ALPHABET) == len(set(ALPHABET)) == 55
    assert list(ALPHABET) == sorted(ALPHABET)


def test_bimodal_of_another_kind():
    with pytest.raises(WeightsInvalid, match="alphabet"):
        convert(molecules.bimodal(molecules.module(letters=54)))
    two_ways = molecules.module()
    two_ways._lstm.bidirectional = True
    with pytest.raises(WeightsInvalid, match="another kind"):
        convert(molecules.bimodal(two_ways))
    more = molecules.module()
    more.extra = torch.nn.Linear(2, 2)
    with pytest.raises(WeightsInvalid, match="unknown parts"):
        convert(molecules.bimodal(more))


def test_conditional_networks_keep_their_labels():
    data = nvidia_torch(LABELLED, random_tensors(LABELLED))
    assert Architecture.from_metadata(convert(data).metadata).c_dim == 3
