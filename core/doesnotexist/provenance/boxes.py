"""Where XMP goes in AVIF and MP4, whose files are boxes within boxes (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..errors import Unmarkable

_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP Specification Part 3, section 1.2.7
_HEAD = 8  # bytes of a box before its body: length and name
_XMP_TYPE = b"\0application/rdf+xml\0"  # an item without a name, and what it is
_LOCATION = 14  # bytes where an item lies: item, reference, number of extents, offset, length


def into_mp4(data: bytes, xmp: bytes) -> bytes:
    """A box of its own at the end: no offset in the file changes."""
    list(_boxes("mp4", data, 0, len(data), closed=True))
    return data + _box(b"uuid", _UUID + xmp)


def xmp_in_mp4(data: bytes) -> bytes:
    """The XMP of an MP4, empty if it has none; raises Unmarkable."""
    for name, body in _boxes("mp4", data, 0, len(data)):
        if name == b"uuid" and body[:16] == _UUID:
            return body[16:]
    return b""


def into_avif(data: bytes, xmp: bytes) -> bytes:
    """An item that describes the picture (ISO/IEC 23008-12, annex A), its bytes at the end.

    A file that is built otherwise than a plain picture, with transparency or a thumbnail, gets the box
    that MP4 gets: to move its several parts would be to risk them.
    """
    outer = list(_boxes("avif", data, 0, len(data)))
    names = [name for name, _ in outer]
    # as libavif writes it: the list of items before what it lists, and no box with a longer head
    usual = names[:3] == [b"ftyp", b"meta", b"mdat"] and b"".join(_box(*one) for one in outer) == data
    items = _with_item(outer[1][1], len(data), len(xmp)) if usual else None
    if items is None:
        return into_mp4(data, xmp)
    parts = (_box(name, items if name == b"meta" else body) for name, body in outer)
    return b"".join(parts) + _box(b"mdat", xmp)


def _with_item(meta: bytes, end: int, length: int) -> bytes | None:
    """The body of a meta box with one item more, `length` bytes behind a file that ended at `end`.

    None unless it lists one picture in one place, in version 0 of its boxes with offsets of 4 bytes, as
    libavif writes it.
    """
    inner = list(_boxes("avif", meta, 4, len(meta)))
    box = dict(inner)
    iloc, iinf = box.get(b"iloc", b""), box.get(b"iinf", b"")
    plain = len(box) == len(inner) and box.keys() >= {b"pitm", b"iloc", b"iinf"} and b"iref" not in box
    if not plain or iloc[:8] != b"\0\0\0\0\x44\0\0\1" or len(iloc) != 22 or iinf[:6] != b"\0\0\0\0\0\1":
        return None
    picture, reference, extents, offset, size = struct.unpack(">HHHII", iloc[8:])
    if extents != 1:
        return None
    item = picture % 0xFFFF + 1
    entry = _box(b"infe", b"\2\0\0\0" + struct.pack(">HH", item, 0) + b"mime" + _XMP_TYPE)
    link = b"\0\0\0\0" + _box(b"cdsc", struct.pack(">HHH", item, 1, picture))
    growth = len(entry) + len(_box(b"iref", link)) + _LOCATION
    places = struct.pack(">HHHHII", 2, picture, reference, 1, offset + growth, size)
    places += struct.pack(">HHHII", item, 0, 1, end + growth + _HEAD, length)
    box[b"iinf"] = iinf[:4] + struct.pack(">H", 2) + iinf[6:] + entry
    box[b"iref"] = link
    box[b"iloc"] = iloc[:6] + places
    return meta[:4] + b"".join(_box(name, body) for name, body in box.items())


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", _HEAD + len(body)) + name + body


def _boxes(
    format: str, data: bytes, at: int, end: int, *, closed: bool = False
) -> Iterator[tuple[bytes, bytes]]:
    """Names and bodies; a box that leaves the file is refused, and with `closed` one that has no end."""
    while at < end:
        length, head = int.from_bytes(data[at : at + 4]), _HEAD
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16]), 16
        elif length == 0 and not closed:
            length = end - at
        if length < head or at + length > end:
            raise Unmarkable(format, "a box is longer than the file")
        yield data[at + 4 : at + 8], data[at + head : at + length]
        at += length
