"""Every kind of checkpoint, written by the real torch and numpy, converts to the tensors it was made of."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from doesnotexist.errors import WeightsInvalid
from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.convert.checkpoint import convert_bytes

from .networks import LABELLED, SMALL, nvidia_tf, nvidia_torch, random_tensors, rosinality

TENSORS = random_tensors(SMALL)
LABELLED_TENSORS = random_tensors(LABELLED)

OTHERS = {
    name: replace(SMALL, **changes)
    for name, changes in {
        "resnet": {"architecture": "resnet", "activation": "relu", "conv_clamp": 256.0, "half_blocks": 1},
        "orig": {"architecture": "orig", "resample_filter": (1.0, 1.0)},
        "plain": {
            "use_noise": False, "lr_multiplier": 1.0, "resample_filter": (1.0, 2.0, 2.0, 1.0), "channels": 1,
        },
        "relu-above": {"activation": "relu", "mapping_activation": "lrelu"},
        "odd": {"resample_filter": (1.0, 2.0, 1.0)},
        "wide-mapping": {"mapping_width": 9, "mapping_layers": 3, "z_dim": 4},
        "table": {"channel_table": (5, 9, 3), "channel_base": 72, "channel_max": 9},
        "labels": {"c_dim": 4, "label_width": 5, "z_dim": 5},
        "half": {"conv_clamp": 4.0, "half_blocks": 0},
    }.items()
}  # fmt: skip
JOINED = replace(SMALL, c_dim=4, labels_joined=True, z_dim=5, label_width=5)

FILES = {
    **{
        f"nvidia-torch-{p}": (SMALL, TENSORS, lambda p=p: nvidia_torch(SMALL, TENSORS, protocol=p))
        for p in (2, 3, 4, 5)
    },
    "nvidia-torch-alone": (SMALL, TENSORS, lambda: nvidia_torch(SMALL, TENSORS, snapshot=False)),
    "nvidia-torch-labelled": (LABELLED, LABELLED_TENSORS, lambda: nvidia_torch(LABELLED, LABELLED_TENSORS)),
    **{
        f"nvidia-tf-4-{p}": (SMALL, TENSORS, lambda p=p: nvidia_tf(SMALL, TENSORS, protocol=p))
        for p in (2, 3, 4, 5)
    },
    "nvidia-tf-5": (SMALL, TENSORS, lambda: nvidia_tf(SMALL, TENSORS, version=5)),
    "nvidia-tf-5-labelled": (
        LABELLED,
        LABELLED_TENSORS,
        lambda: nvidia_tf(LABELLED, LABELLED_TENSORS, version=5),
    ),
    "rosinality-zip": (SMALL, TENSORS, lambda: rosinality(SMALL, TENSORS)),
    "rosinality-legacy": (SMALL, TENSORS, lambda: rosinality(SMALL, TENSORS, archive=False)),
}


for _name, _net in OTHERS.items():
    _tensors = random_tensors(_net)
    _options = {"num_fp16_res": _net.half_blocks or 0}
    FILES[f"nvidia-torch-{_name}"] = (
        _net, _tensors, partial(nvidia_torch, _net, _tensors, fp16=_net.half_blocks or 0)
    )  # fmt: skip
    FILES[f"nvidia-tf-4-{_name}"] = (_net, _tensors, partial(nvidia_tf, _net, _tensors, **_options))


FILES["nvidia-tf-4-joined"] = (
    JOINED, random_tensors(JOINED), partial(nvidia_tf, JOINED, random_tensors(JOINED))
)  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_same_tensors_and_same_architecture_whoever_wrote_them(kind):
    net, tensors, write = FILES[kind]
    converted = convert_bytes(memoryview(write()))

    assert kind.startswith(converted.source_format)
    assert Architecture.from_metadata(converted.metadata) == net
    assert list(converted.tensors) == list(net.shapes())
    for name, tensor in converted.tensors.items():
        # TensorFlow keeps style biases less one, and taking it off and putting it back rounds.
        exact = 0 if not name.endswith("affine.bias") or "tf" not in kind else 3e-7
        np.testing.assert_allclose(tensor, tensors[name], rtol=0, atol=exact, err_msg=name)
        assert tensor.flags.c_contiguous
        assert tensor.dtype == np.float32


def test_same_bytes_same_result():
    data = memoryview(rosinality(SMALL, TENSORS, mean=False))
    first, second = convert_bytes(data), convert_bytes(data)

    assert first.metadata_with("x") == second.metadata_with("x")
    assert all(first.tensors[name].tobytes() == second.tensors[name].tobytes() for name in first.tensors)


def test_what_the_file_says_beside_its_tensors_is_carried():
    facts = json.loads(convert_bytes(memoryview(nvidia_torch(SMALL, TENSORS, fp16=2))).metadata["facts"])
    assert facts == {"num_fp16_res": 2}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello, world\n", "neither a pickle nor a ZIP archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "neither a pickle nor a ZIP archive"),
        (b"\x93NUMPY\x01\0" + bytes(100), "neither a pickle nor a ZIP archive"),
        (b"\x80\x04]K\x07a.", "it holds a list"),
        (b"\x80\x04}X\x01\0\0\0aK\x01s.", r"it holds a dict of \['a'\]"),
        (b"\x80\x04N.trailing", "8 bytes follow"),
    ],
)
def test_what_is_no_checkpoint_is_told_apart(data, reason):
    with pytest.raises(WeightsInvalid, match=reason):
        convert_bytes(memoryview(data))
