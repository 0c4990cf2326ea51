"""Where XMP goes in JPEG, PNG and the RIFF family: put in beside the picture, whose own bytes stay as they
are. (XMP Specification Part 3, Storage in Files, 2020.)"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from ..errors import Unmarkable

_JPEG_ID = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEYWORD = b"XML:com.adobe.xmp\0\0\0\0\0"  # not compressed, no language, no translated keyword
_VP8X_ALPHA, _VP8X_XMP = 0x10, 0x04


def into_jpeg(data: bytes, xmp: bytes) -> bytes:
    """An APP1 segment, after JFIF's APP0 if there is one, which must stay first."""
    length = len(_JPEG_ID) + len(xmp) + 2
    if length > 0xFFFF or data[:3] != b"\xff\xd8\xff" or len(data) < 6:
        raise Unmarkable("jpeg", "it has no room for a segment")
    at = 4 + int.from_bytes(data[4:6]) if data[3] == 0xE0 else 2
    return data[:at] + struct.pack(">HH", 0xFFE1, length) + _JPEG_ID + xmp + data[at:]


def into_png(data: bytes, xmp: bytes) -> bytes:
    """An iTXt chunk after the header, before the pixels, where readers look without reading it all."""
    end = 33  # of IHDR: signature 8, length 4, name 4, fields 13, checksum 4
    if data[:8] != _PNG_SIGNATURE or data[12:16] != b"IHDR" or len(data) < end:
        raise Unmarkable("png", "it does not begin with its header")
    body = b"iTXt" + _PNG_KEYWORD + xmp
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:end] + chunk + data[end:]


def into_webp(data: bytes, xmp: bytes) -> bytes:
    """A chunk at the end, and the extended header that announces it (RFC 9649, section 2.7)."""
    chunks = list(_riff_chunks("webp", data))
    names = [name for name, _ in chunks]
    if names[:1] == [b"VP8X"] and len(chunks[0][1]) == 10:
        header = bytes([chunks[0][1][0] | _VP8X_XMP]) + chunks[0][1][1:]
        chunks[0] = (b"VP8X", header)
    else:
        width, height, alpha = _webp_size(chunks)
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        flags = _VP8X_XMP | (_VP8X_ALPHA if alpha else 0)
        chunks.insert(0, (b"VP8X", bytes([flags, 0, 0, 0]) + sides))
    return _riff(b"WEBP", [*chunks, (b"XMP ", xmp)])


def into_wav(data: bytes, xmp: bytes) -> bytes:
    """A `_PMX` chunk at the end."""
    return _riff(b"WAVE", [*_riff_chunks("wav", data), (b"_PMX", xmp)])


def xmp_in_wav(data: bytes) -> bytes:
    """The XMP of a WAV, empty if it has none; raises Unmarkable."""
    return next((body for name, body in _riff_chunks("wav", data) if name == b"_PMX"), b"")


def sound_in_wav(data: bytes) -> tuple[bytes, bytes]:
    """Format and samples of a WAV; raises ValueError, also for two: players choose either."""
    try:
        chunks = list(_riff_chunks("wav", data))
        (form,) = (body for name, body in chunks if name == b"fmt ")
        (sound,) = (body for name, body in chunks if name == b"data")
    except (Unmarkable, ValueError):
        raise ValueError("it holds no sound, or two") from None
    return form, sound


def _riff_chunks(format: str, data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            raise Unmarkable(format, "a chunk is longer than the file")
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _riff(kind: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = kind + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_size(chunks: list[tuple[bytes, bytes]]) -> tuple[int, int, bool]:
    """Width, height and transparency from the header of the picture itself (RFC 6386; RFC 9649, 3.4)."""
    for name, data in chunks:
        if name == b"VP8 " and data[3:6] == b"\x9d\x01\x2a" and len(data) >= 10:
            width, height = struct.unpack("<HH", data[6:10])
            return width & 0x3FFF, height & 0x3FFF, False
        if name == b"VP8L" and data[:1] == b"\x2f" and len(data) >= 5:
            bits = int.from_bytes(data[1:5], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    raise Unmarkable("webp", "it holds no picture")
