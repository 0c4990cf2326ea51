"""Only the right bytes become a network."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from doesnotexist.errors import WeightsInvalid
from doesnotexist_chemicals import weights
from doesnotexist_chemicals.model import MoleculeGPT
from doesnotexist_chemicals.tokens import Vocabulary


@pytest.fixture
def content(tiny: MoleculeGPT, vocabulary: Vocabulary, tmp_path: Path) -> bytes:
    weights.write(tmp_path / "tiny.safetensors", tiny, vocabulary)
    return (tmp_path / "tiny.safetensors").read_bytes()


def rewritten(content: bytes, **changes: object) -> bytes:
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    return save(load(content), metadata | changes)


def test_writing_and_reading_keep_all_but_the_last_bits(
    tiny: MoleculeGPT, vocabulary: Vocabulary, content: bytes
) -> None:
    network, read = weights.read(content)

    assert read == vocabulary
    assert network.config == tiny.config
    for name, tensor in network.tensors.items():
        assert tensor.dtype == np.float32
        assert np.array_equal(tensor, tiny.state_dict()[name].half().float().numpy())


def test_the_report_names_the_bytes(tiny: MoleculeGPT, vocabulary: Vocabulary, tmp_path: Path) -> None:
    facts = weights.write(tmp_path / "w.safetensors", tiny, vocabulary)
    content = (tmp_path / "w.safetensors").read_bytes()

    assert facts["sha256"] == hashlib.sha256(content).hexdigest()
    assert facts["bytes"] == len(content)
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize("junk", [b"", b"PK\x03\x04", b"\x80\x04K\x07.", bytes(64), b"\xff" * 64])
def test_other_files_are_refused(junk: bytes) -> None:
    with pytest.raises(WeightsInvalid):
        weights.read(junk)


def test_a_cut_file_is_refused(content: bytes) -> None:
    with pytest.raises(WeightsInvalid):
        weights.read(content[:-100])


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "other"},
        {"config": "[]"},
        {"config": json.dumps({"vocabulary": 60, "layers": 10**9, "width": 128, "context": 32})},
        {"config": json.dumps({"vocabulary": 60, "layers": 2, "width": 100, "context": 32})},
        {"config": json.dumps({"vocabulary": 60, "layers": 3, "width": 128, "context": 32})},
        {"config": json.dumps({"vocabulary": 60, "heads": 2})},
        {"merges": "[[0, 1]]"},
        {"merges": "[]"},
        {"merges": "{}"},
    ],
)
def test_a_lying_header_is_refused(content: bytes, changes: dict[str, str]) -> None:
    with pytest.raises(WeightsInvalid):
        weights.read(rewritten(content, **changes))


def test_a_number_that_is_not_finite_is_refused(content: bytes) -> None:
    tensors = load(content)
    tensors["head.weight"][0, 0] = torch.inf
    length = int.from_bytes(content[:8], "little")

    with pytest.raises(WeightsInvalid, match="finite"):
        weights.read(save(tensors, json.loads(content[8 : 8 + length])["__metadata__"]))


def test_a_missing_and_a_spare_tensor_are_refused(content: bytes) -> None:
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    tensors = load(content)
    spare = tensors | {"spare": torch.zeros(1)}
    del tensors["head.weight"]

    for wrong in (tensors, spare):
        with pytest.raises(WeightsInvalid, match="exactly the tensors"):
            weights.read(save(wrong, metadata))
