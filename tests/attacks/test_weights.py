"""Hostile files offered as the weights that a site would load: each is refused, and nothing of it runs."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from doesnotexist.errors import WeightsInvalid
from doesnotexist_chemicals import weights as molecules
from doesnotexist_stylegan2.weights import read_network, write_network

from ..plugins.stylegan2.conftest import small_network
from ..plugins.stylegan2_convert.attacks import gallery

READERS: dict[str, Callable[[bytes], object]] = {
    "stylegan2": read_network,
    "molecules": lambda data: molecules.read(data, "offered"),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small network as it is stored."""
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    write_network(small_network(resolution=8, channel_base=32, channel_max=4), path)
    return path.read_bytes()


@pytest.mark.parametrize("reader", READERS)
def test_every_hostile_checkpoint_is_refused_as_weights(reader, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # where canaries would show
    for name, data in gallery():
        with pytest.raises(WeightsInvalid):
            READERS[reader](data)
        assert not list(tmp_path.iterdir()), name


@pytest.mark.parametrize("extra", [b"\x80\x04.", b"PK\x05\x06" + b"\0" * 18, b"\0"])
def test_a_file_that_is_two_files_is_refused(good: bytes, extra: bytes) -> None:
    read_network(good)
    for data in (good + extra, extra + good):
        with pytest.raises(WeightsInvalid):
            read_network(data)


def mutated(data: bytes, draw: Random) -> bytes:
    """One to four changes, most of them in the header, where sizes, shapes and places stand."""
    changed = bytearray(data)
    header = 8 + struct.unpack("<Q", data[:8])[0]
    for _ in range(draw.randint(1, 4)):
        end = header if draw.random() < 0.8 else len(changed)
        at = draw.randrange(max(1, min(end, len(changed))))
        match draw.randrange(5):
            case 0:
                changed[at : at + 8] = struct.pack("<Q", draw.choice([0, 1, 2**31, 2**63, 2**64 - 1, header]))
            case 1:
                changed[at : at + 1] = bytes([draw.randrange(256)])
            case 2:
                changed[at:at] = draw.choice([b"9", b"-", b"0,", b'"', b"}", b"\0", b"[[", b"1e9"])
            case 3:
                del changed[at : at + draw.choice([1, 4, 64])]
            case _:
                del changed[at:]
    return bytes(changed)


@pytest.mark.parametrize("count", [1_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_damaged_weights_are_read_or_refused(good: bytes, count: int) -> None:
    ends: Counter[str] = Counter()
    for number in range(count):
        try:
            read_network(mutated(good, Random(number)))
            ends["read"] += 1
        except WeightsInvalid as error:
            ends["refused" if str(error).isprintable() else "unprintable"] += 1
    assert ends.keys() <= {"read", "refused"}
    assert ends["refused"] > 0.8 * count
