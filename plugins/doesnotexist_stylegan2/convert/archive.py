"""The ZIP archives that torch writes: entries are stored, never compressed, so each is a plain slice of the
file.

Only the central directory is believed, and only as far as it agrees with the local headers. An archive
that could mean different things to different readers (duplicate names, overlapping or compressed entries)
is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

from doesnotexist.errors import quoted

from .limits import MAX_ARCHIVE_ENTRIES, broken

MAGIC = b"PK\x03\x04"

_END, _END64_LOCATOR, _END64, _ENTRY = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06", b"PK\x01\x02"
_STORED = 0
_ENCRYPTED = 0x0001


def entries(data: memoryview) -> dict[str, memoryview]:
    """Name and bytes of every entry; raises `WeightsInvalid`."""
    found: dict[str, memoryview] = {}
    ranges: list[tuple[int, int]] = []
    for name, start, size in _directory(data):
        if name in found:
            raise broken(f"an archive with two entries {quoted(name)}")
        begin = _after_local_header(data, name, start)
        if begin + size > len(data):
            raise broken(f"archive entry {quoted(name)} runs past the end of the file")
        found[name] = data[begin : begin + size]
        ranges.append((start, begin + size))
    if any(end > start for (_, end), (start, _) in pairwise(sorted(ranges))):
        raise broken("an archive with overlapping entries")
    return found


def _directory(data: memoryview) -> Iterator[tuple[str, int, int]]:
    """name, place of the local header, size of each entry"""
    count, size, position = _end_record(data)
    end = position + size
    if count > MAX_ARCHIVE_ENTRIES or end > len(data):
        raise broken("an archive whose directory cannot be right")
    for _ in range(count):
        if position + 46 > end or data[position : position + 4] != _ENTRY:
            raise broken("an archive whose directory is damaged")
        flags, method = struct.unpack_from("<HH", data, position + 8)
        packed, plain, name_size, extra_size, comment_size = struct.unpack_from("<IIHHH", data, position + 20)
        (start,) = struct.unpack_from("<I", data, position + 42)
        name = _entry_name(data[position + 46 : position + 46 + name_size])
        if method != _STORED or flags & _ENCRYPTED:
            raise broken(f"archive entry {quoted(name)} is compressed or encrypted; torch only stores")
        extra = data[position + 46 + name_size : position + 46 + name_size + extra_size]
        plain, packed, start = _wide(extra, plain, packed, start)
        if packed != plain:
            raise broken(f"archive entry {quoted(name)} has two sizes")
        yield name, start, plain
        position += 46 + name_size + extra_size + comment_size


def _end_record(data: memoryview) -> tuple[int, int, int]:
    """entries, bytes and place of the directory; torch writes no comment, so the record ends the file"""
    at = len(data) - 22
    if at < 0 or data[at : at + 4] != _END or bytes(data[at + 20 :]) != b"\0\0":
        raise broken("an archive without its end: the file is cut short, or something was appended")
    disk, first_disk, here, count, size, position = struct.unpack_from("<HHHHII", data, at + 4)
    if disk or first_disk or here != count:
        raise broken("an archive in several parts")
    if at >= 20 and data[at - 20 : at - 16] == _END64_LOCATOR:
        return _end64_record(data, at - 20)
    return count, size, position


def _end64_record(data: memoryview, locator: int) -> tuple[int, int, int]:
    (at,) = struct.unpack_from("<Q", data, locator + 8)
    if at + 56 != locator or data[at : at + 4] != _END64:
        raise broken("an archive whose 64-bit end record is not where it should be")
    count, size, position = struct.unpack_from("<QQQ", data, at + 32)
    return count, size, position


def _wide(extra: memoryview, *values: int) -> tuple[int, ...]:
    """Replace each value that did not fit 32 bits by its 64-bit form from the extra field."""
    wide = _zip64_field(extra)
    made = []
    for value in values:
        if value == 0xFFFFFFFF:
            if len(wide) < 8:
                raise broken("an archive entry without its 64-bit size")
            (value,), wide = struct.unpack("<Q", wide[:8]), wide[8:]
        made.append(value)
    return tuple(made)


def _zip64_field(extra: memoryview) -> memoryview:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        if kind == 1:
            return extra[position + 4 : position + 4 + size]
        position += 4 + size
    return extra[:0]


def _entry_name(raw: memoryview) -> str:
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        raise broken("an archive entry whose name is no text") from None


def _after_local_header(data: memoryview, name: str, start: int) -> int:
    """Where the bytes of an entry begin; its local header must name it as the directory does."""
    if start + 30 > len(data) or data[start : start + 4] != MAGIC:
        raise broken(f"archive entry {quoted(name)} is not where the directory says")
    name_size, extra_size = struct.unpack_from("<HH", data, start + 26)
    if data[start + 30 : start + 30 + name_size] != name.encode():
        raise broken(f"archive entry {quoted(name)} has another name in its own header")
    return start + 30 + int(name_size) + int(extra_size)
