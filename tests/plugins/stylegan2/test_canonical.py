"""The same network gives the same bytes, and they are a safetensors file."""

from __future__ import annotations

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load, save

from doesnotexist_stylegan2.canonical import canonical
from doesnotexist_stylegan2.weights import network_bytes

TENSORS = {"ä": np.arange(3, dtype="f4"), "b": np.ones((2, 2), "f2")}
METADATA = {letter: f'"{letter}" ψ' for letter in "qwertyuiop"}


def test_the_order_of_metadata_is_always_the_same():
    assert len({save(TENSORS, METADATA) for _ in range(8)}) > 1  # what is mended here
    assert len({b"".join(canonical(save(TENSORS, METADATA))) for _ in range(8)}) == 1


def test_nothing_else_changes(tmp_path):
    path = tmp_path / "file.safetensors"
    path.write_bytes(b"".join(canonical(save(TENSORS, METADATA))))

    with safe_open(path, framework="np") as file:
        assert file.metadata() == METADATA
    for name, tensor in load(path.read_bytes()).items():
        assert tensor.dtype == TENSORS[name].dtype
        np.testing.assert_array_equal(tensor, TENSORS[name])


def test_numbers_stay_aligned():
    header, _ = canonical(save(TENSORS, METADATA))

    assert len(header) % 8 == 0


def test_a_network_is_written_as_the_same_bytes(network):
    net = network()

    assert len({network_bytes(net) for _ in range(8)}) == 1
