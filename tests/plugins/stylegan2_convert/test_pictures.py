"""From everybody's checkpoint to the picture that its network draws by the papers, worked out in float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from doesnotexist_stylegan2 import load_generator
from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.convert.checkpoint import convert_bytes

from ..stylegan2.textbook import Textbook
from .networks import nvidia_tf, nvidia_torch, random_tensors, rosinality

BASE = Architecture(
    z_dim=6, w_dim=6, resolution=16, mapping_layers=2, lr_multiplier=0.1, channel_base=128, channel_max=12
)  # fmt: skip
NETS = {
    name: replace(BASE, **changes)
    for name, changes in {
        "plain": {},
        "eight layers": {"mapping_layers": 8, "lr_multiplier": 0.01},
        "one layer": {"mapping_layers": 1},
        "resnet": {"architecture": "resnet"},
        "resnet, clamped": {"architecture": "resnet", "conv_clamp": 0.7},
        "orig": {"architecture": "orig"},
        "clamped, half": {"conv_clamp": 0.7, "half_blocks": 1},
        "without noise": {"use_noise": False},
        "relu": {"activation": "relu"},
        "relu, leaky below": {"activation": "relu", "mapping_activation": "lrelu"},
        "box filter": {"resample_filter": (1.0, 1.0)},
        "odd filter": {"resample_filter": (1.0, 2.0, 1.0)},
        "long filter": {"resample_filter": (1.0, 4.0, 6.0, 4.0, 1.0), "architecture": "resnet"},
        "eight taps": {"resample_filter": (1.0, 2.0, 4.0, 5.0, 5.0, 4.0, 2.0, 1.0)},
        "labels": {"c_dim": 3},
        "labels of another width": {"c_dim": 3, "label_width": 5, "z_dim": 5},
        "wide mapping": {"mapping_width": 10, "mapping_layers": 3},
        "grey": {"channels": 1},
        "four colours": {"channels": 4},
        "w is longer": {"w_dim": 9},
        "any channels": {"channel_table": (6, 13, 5)},
        "8 px": {"resolution": 8},
        "64 px": {"resolution": 64},
    }.items()
}
OF_ROSINALITY = ("plain", "eight layers", "box filter", "long filter", "w is longer", "any channels", "64 px")
OF_ITS_CODE = {"lr_multiplier": 0.01, "mapping_layers": 8}

WRITERS = {"torch": nvidia_torch, "tf": nvidia_tf, "rosinality": rosinality}
CASES = {
    **{f"torch, {name}": ("torch", net) for name, net in NETS.items()},
    # TensorFlow's labels are embedded in as many numbers as z has
    **{f"tf, {name}": ("tf", net) for name, net in NETS.items() if net.embedded in (0, net.z_dim)},
    "tf, labels joined to z": ("tf", replace(BASE, c_dim=3, labels_joined=True)),
    **{
        f"rosinality, {name}": ("rosinality", replace(NETS[name], architecture="skip", **OF_ITS_CODE))
        for name in OF_ROSINALITY
    },
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def read(writer: str, net: Architecture, **options: object):
    """The loaded generator of a file, and the tensors that were written."""
    tensors = random_tensors(net)
    for name in tensors:
        if ".fc" in name:  # so that the mapping is of use
            tensors[name] /= np.float32(net.lr_multiplier)
    converted = convert_bytes(memoryview(WRITERS[writer](net, tensors, **options)))
    return load_generator(save(converted.tensors, converted.metadata_with("x"))), tensors


@pytest.mark.parametrize(("writer", "net"), CASES.values(), ids=CASES)
def test_the_picture_of_the_papers(writer, net):
    generator, tensors = read(writer, net)
    textbook = Textbook(net, {name: torch.from_numpy(value).double() for name, value in tensors.items()})
    z = np.random.RandomState(3).randn(2, net.z_dim)
    c = np.eye(net.c_dim)[:2] if net.c_dim else None

    w = textbook.mapping(torch.from_numpy(z), None if c is None else torch.from_numpy(c))
    near = textbook.state["mapping.w_avg"].lerp(w, 0.7)
    np.testing.assert_allclose(generator.map(z, c)[:, 0], w, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(generator.map(z, c, psi=0.7)[:, -1], near, rtol=2e-6, atol=2e-6)

    ws = near[:, None].repeat(1, net.num_ws, 1)
    ws[:, 1::2] += 0.3
    for noise in ("const", "none"):
        expected = textbook.synthesis(ws, noise)
        assert expected.std() > 0.05  # a network that draws nothing would be equal to anything
        difference = (generator.synthesize(ws.float(), noise).double() - expected).abs().max()
        assert difference < 1e-5 * expected.abs().max()


@pytest.mark.parametrize("options", [{"fp16": 2}, {"fp16": 1, "snapshot": False}, {"protocol": 5}], ids=str)
def test_how_it_was_written_changes_nothing(options):
    net = replace(BASE, conv_clamp=0.7)
    first, second = read("torch", net)[0], read("torch", net, **options)[0]
    w = first.map(np.ones((1, 6)))
    assert torch.equal(first.synthesize(w), second.synthesize(w))
