"""Damaged checkpoints, by the thousand: the reader answers each, or refuses it with the project's own error.

No crash, no call, no other exception, no endless work. The 100,000 run with `-m slow`.
"""

from __future__ import annotations

import io
import random
import re
import time
import zipfile
from collections import Counter
from functools import cache

import pytest

from doesnotexist.errors import DoesNotExistError
from doesnotexist_stylegan2.architecture import Architecture

from ...attacks.fuzzing import keeping
from .attacks import archive, gallery
from .conftest import read_watched
from .molecules import bimodal
from .networks import lucidrains, nvidia_tf, nvidia_torch, random_tensors, rosinality

TINY = Architecture(z_dim=2, w_dim=2, resolution=8, mapping_layers=1, channel_base=16, channel_max=2)

# Whole opcodes of consequence, put into files at random places.
FRAGMENTS = [
    b"\x80\x02", b"(", b".", b"0", b"1", b"2", b"N", b")", b"]", b"}", b"t", b"a", b"e", b"s", b"u",
    b"b", b"R", b"\x81", b"\x85", b"\x86", b"\x87", b"\x93", b"Q", b"o", b"\x94", b"K\xff",
    b"M\xff\xff", b"J\xff\xff\xff\xff", b"h\x00", b"h\x01", b"q\x00", b"G\x7f\xf0\0\0\0\0\0\0",
    b"G\x7f\xf8\0\0\0\0\0\0", b"X\xff\xff\xff\xff", b"B\0\0\0\0", b"\x8a\x08" + b"\xff" * 7 +
    b"\x7f", b"ccollections\nOrderedDict\n", b"ctorch\nFloatStorage\n",
    b"ctorch._utils\n_rebuild_tensor_v2\n", b"cos\nsystem\n", b"cnumpy\ndtype\n",
    b"cargparse\nNamespace\n", b"ctorch.storage\n_load_from_bytes\n", b"c_codecs\nencode\n",
    b"V\\u0000\n", b"I01\n",
]  # fmt: skip
EXTREMES = [
    b"\0" * 8,
    b"\xff" * 8,
    b"\xff" * 7 + b"\x7f",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\0\0\0\x80",
    b"\xff\xff\xff\x7f",
]


@cache
def seeds() -> list[bytes]:
    """Good files of every kind, and the hostile ones: what is almost an attack is worth trying too."""
    tensors = random_tensors(TINY)
    good = [
        nvidia_torch(TINY, tensors, snapshot=False),
        nvidia_torch(TINY, tensors, snapshot=False, protocol=5),
        nvidia_tf(TINY, tensors),
        nvidia_tf(TINY, tensors, protocol=4),
        rosinality(TINY, tensors),
        rosinality(TINY, tensors, archive=False),
        lucidrains(),
        bimodal(),
    ]
    small = [content for _, content in gallery() if len(content) < 2000]
    return [*good * 100, *small]


def _flip(data: bytearray, at: int, size: int, draw: random.Random) -> None:
    data[at] ^= 1 << draw.randrange(8)


def _randomise(data: bytearray, at: int, size: int, draw: random.Random) -> None:
    data[at : at + size] = draw.randbytes(size)


def _delete(data: bytearray, at: int, size: int, draw: random.Random) -> None:
    del data[at : at + size]


def _truncate(data: bytearray, at: int, size: int, draw: random.Random) -> None:
    del data[at if draw.random() < 0.3 else len(data) - size :]


def _insert(data: bytearray, at: int, size: int, draw: random.Random) -> None:
    data[at:at] = draw.choice(FRAGMENTS)


def _overwrite(data: bytearray, at: int, size: int, draw: random.Random) -> None:
    fragment = draw.choice(FRAGMENTS + EXTREMES)
    data[at : at + len(fragment)] = fragment


def _repeat(data: bytearray, at: int, size: int, draw: random.Random) -> None:
    data[at:at] = data[at : at + size]


def _splice(data: bytearray, at: int, size: int, draw: random.Random) -> None:
    other = draw.choice(seeds())
    start = draw.randrange(len(other))
    data[at : at + size] = other[start : start + size * 4]


def _rename(data: bytearray, at: int, size: int, draw: random.Random) -> None:
    """One name of the file in the place of another: right grammar, wrong meaning."""
    names = re.findall(rb"[A-Za-z_][A-Za-z0-9_.]{2,40}", bytes(data[:20000]))
    if names:
        place = data.find(draw.choice(names))
        data[place : place + size] = draw.choice(names)[:size]


CHANGES = [_flip, _randomise, _delete, _truncate, _insert, _overwrite, _overwrite, _repeat, _splice, _rename]


@cache
def unpacked() -> dict[str, bytes]:
    """The entries of an archive."""
    with zipfile.ZipFile(io.BytesIO(rosinality(TINY, random_tensors(TINY)))) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def mutated(draw: random.Random) -> bytes:
    """A damaged file: changed as it is, or its pickle changed and packed again."""
    if draw.random() < 0.2:
        files = unpacked()
        name = draw.choice(["archive/data.pkl", *files])
        return archive(files | {name: changed(files[name], draw)})
    return changed(draw.choice(seeds()), draw)


def changed(content: bytes, draw: random.Random) -> bytes:
    """One to eight changes."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        if data:
            at = draw.randrange(len(data))
            size = min(draw.choice((1, 1, 2, 4, 8, 64)), len(data) - at)
            draw.choice(CHANGES)(data, at, size, draw)
    return bytes(data)


def fuzz(first: int, count: int) -> Counter[str]:
    """Read `count` damaged files; how each ended."""
    ends: Counter[str] = Counter()
    for number in range(first, first + count):
        data = mutated(random.Random(number))
        started = time.process_time()
        with keeping("checkpoint", number, data):
            found = read_watched(data)
            took = time.process_time() - started
            assert took < 5, f"it took {took:.1f} s"
            if isinstance(found, DoesNotExistError):
                assert str(found).isprintable()
                assert len(str(found)) < 600
        ends[type(found).__name__] += 1
    return ends


@pytest.mark.parametrize("chunk", range(4))
def test_two_thousand_damaged_files(chunk):
    ends = fuzz(chunk * 500, 500)
    assert ends.total() == 500
    assert ends["ConversionRefused"]
    assert ends["WeightsInvalid"]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(20))
def test_a_hundred_thousand_damaged_files(chunk):
    assert fuzz(100_000 + chunk * 5000, 5000).total() == 5000
