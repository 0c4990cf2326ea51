"""Archives as torch writes them, and archives that lie."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
import torch

from doesnotexist.errors import WeightsInvalid
from doesnotexist_stylegan2.convert.archive import entries

from .attacks import archive
from .networks import saved

FILES = {"a/data.pkl": b"pickle", "a/data/0": bytes(100), "a/version": b"3"}


def read(data: bytes) -> dict[str, bytes]:
    return {name: bytes(content) for name, content in entries(memoryview(data)).items()}


def test_entries_are_slices_of_the_file():
    data = archive(FILES)
    assert read(data) == FILES
    assert all(content.obj is data for content in entries(memoryview(data)).values())


def test_torchs_own():
    data = saved({"x": torch.arange(1000.0), "y": torch.zeros(3)})
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert read(data) == {name: opened.read(name) for name in opened.namelist()}


def test_sizes_of_64_bits():
    """As an archive beyond 4 GB has them, written here into a small one."""
    data = bytearray(archive({"a": b"hello"}))
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    extra = struct.pack("<HHQQQ", 1, 24, 5, 5, 0)
    data[at + 20 : at + 28] = b"\xff" * 8
    data[at + 42 : at + 46] = b"\xff" * 4
    struct.pack_into("<H", data, at + 30, len(extra))
    struct.pack_into("<I", data, end + 12, end - at + len(extra))
    data[end:end] = extra
    assert read(bytes(data)) == {"a": b"hello"}

    struct.pack_into("<H", data, end + 2, 8)  # the field is shorter than what it should hold
    with pytest.raises(WeightsInvalid, match="64-bit"):
        read(bytes(data))


def test_entries_that_share_bytes():
    """The second entry's header lies inside the first one's bytes: two readers, two files."""
    inner = archive({"b": b"x"})
    local = inner[: inner.index(b"PK\x01\x02")]
    data = bytearray(archive({"a": local, "b": b"x"}))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    struct.pack_into("<I", data, second + 42, 31)
    with pytest.raises(WeightsInvalid, match="overlapping"):
        read(bytes(data))


@pytest.mark.parametrize("cut", range(1, 120, 7))
def test_cut(cut):
    with pytest.raises(WeightsInvalid):
        read(archive(FILES)[:-cut])


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed(method):
    with pytest.raises(WeightsInvalid, match="compressed"):
        read(archive(FILES, method))


def test_too_many_entries():
    with pytest.raises(WeightsInvalid, match="directory"):
        read(archive({str(number): b"" for number in range(20_001)}))
