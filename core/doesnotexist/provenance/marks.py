"""A file with its mark, and the mark of a file. Nothing is decoded or encoded anew to be marked."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from ..errors import Unmarkable
from . import boxes, containers, texts, xmp
from .statements import SYNTHETIC, licences, statement_of

# What has no place for a mark, for a text is its words and nothing else; or has it by another way: JSON in
# its record, WebM in the tags that its maker gives it.
UNMARKED = frozenset({"txt", "json", "webm"})

MAX_PIXELS = 4096 * 4096  # more than anything that is made here; a picture of more is not opened
_PILLOW = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF"}

_XMP_INTO = {
    "jpeg": containers.into_jpeg,
    "png": containers.into_png,
    "webp": containers.into_webp,
    "wav": containers.into_wav,
    "avif": boxes.into_avif,
    "mp4": boxes.into_mp4,
}
_TEXT_INTO = {"sdf": texts.into_sdf, "mol": texts.into_mol, "smi": texts.into_smi}
_STARTS = (
    ("jpeg", 0, b"\xff\xd8\xff"),
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("webp", 8, b"WEBP"),
    ("wav", 8, b"WAVE"),
    ("avif", 4, b"ftypavi"),
    ("mp4", 4, b"ftyp"),
    ("webm", 0, b"\x1aE\xdf\xa3"),
)


class TooLarge(ValueError):
    """A picture of more pixels than anything made here."""


@dataclass(frozen=True)
class Mark:
    """What a file says of itself; `source` is its IPTC digital source type, "" if it names none.

    `beside`: what its XMP says beside our statement, by the names of `xmp.known`. `fault` says why a mark
    that is there cannot be read.
    """

    source: str = ""
    statement: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


def mark(data: bytes, format: str, record: Mapping[str, Any], size: int | None = None) -> bytes:
    """`data` with the statement of its record in it; `size` as it was asked for.

    The same in gives the same out. Raises Unmarkable for bytes that are not built as `format` is.
    """
    if format in UNMARKED:
        return data
    statement = statement_of(record, size, data)
    if format in _TEXT_INTO:
        return _TEXT_INTO[format](data, statement)
    written = xmp.write(statement)
    if len(written.encode()) > xmp.MAX_XMP:
        raise Unmarkable(format, "its statement is too long")
    if format == "svg":
        return texts.into_svg(data, written)
    return _XMP_INTO[format](data, xmp.packet(written))


def video_metadata(record: Mapping[str, Any]) -> dict[str, str]:
    """Tags for a video's container from the record of a sample (`Zoo.record`), such as a morph's first.

    For PyAV: `container.metadata.update(video_metadata(record))` before the first frame is muxed. WebM
    keeps all of them, MP4 the first five, unless it is opened with
    `options={"movflags": "use_metadata_tags"}`. XMP goes into a finished MP4 with
    `mark(data, "mp4", record)`; WebM has no place for it.
    """
    said = statement_of(record)
    return {
        "title": f"{record['domain']}: does not exist",
        "comment": said["statement"],
        "description": said["recipe"],
        "copyright": licences(said),
        "artist": said["credit"],
        **{name: text for name, text in said.items() if name not in ("statement", "credit")},
    }


def format_of(data: bytes) -> str:
    """The format that bytes begin as, whatever their file is called; "" for none that we make."""
    for format, at, start in _STARTS:
        if data[at : at + len(start)] == start:
            return format
    text = _text(data)
    begin = text.lstrip("\ufeff \t\r\n")[:1]
    if not text or "\0" in text:
        return ""
    if begin == "<":
        return "svg" if "<svg" in text else ""
    if begin == "{":
        return "json"
    if "M  END" in text:
        return "sdf" if "$$$$" in text else "mol"
    return "smi" if texts.in_smi(text) else ""


def read(data: bytes, format: str) -> Mark:
    """The mark of a file from anywhere; what is wrong with it is in `fault`. Raises TooLarge."""
    try:
        if format in ("sdf", "mol", "smi"):
            reader = {"sdf": texts.in_sdf, "mol": texts.in_mol, "smi": texts.in_smi}[format]
            statement = reader(_text(data))
            return Mark(statement.get("digitalSourceType", ""), statement)
        if format == "json":
            return _of_json(data)
        if format == "webm":  # its tags are plain text somewhere in it; to know their names is enough
            return Mark(SYNTHETIC if SYNTHETIC.encode() in data else "")
        if data.count(xmp.OURS.encode()) > 1:  # one reader would see the one, one the other
            raise ValueError("it has two")
        found = xmp_of(data, format)
        statement, beside = xmp.read(found) if found else ({}, {})
        return Mark(beside.get("Iptc4xmpExt:DigitalSourceType", ""), statement, beside)
    except TooLarge:
        raise
    except (ValueError, Unmarkable, RecursionError) as error:
        return Mark(fault=str(error) or type(error).__name__)


def xmp_of(data: bytes, format: str) -> bytes:
    """The XMP of a file, empty if there is none; raises ValueError or Unmarkable for a broken file."""
    if format == "svg":
        return _xmp_of_svg(data)
    if format == "wav":
        return containers.xmp_in_wav(data)
    if format == "mp4":
        return boxes.xmp_in_mp4(data)
    if format not in _PILLOW:
        return b""
    with open_picture(data) as image:
        found = image.info.get("xmp") or b""
    if not found and format == "avif":
        found = boxes.xmp_in_mp4(data)
    return found if isinstance(found, bytes) else str(found).encode()


def open_picture(data: bytes) -> Any:
    """A PIL image of one of our formats, not decoded yet; raises ValueError for a broken one, TooLarge."""
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(data), formats=tuple(_PILLOW.values()))
    except (Warning, Image.DecompressionBombError):  # Pillow's own limit, which is higher
        raise TooLarge("It has far more pixels than anything made here.") from None
    except Exception as error:  # the wall to Pillow, whose decoders raise what they like
        raise ValueError(f"it cannot be opened as a picture ({type(error).__name__})") from None
    if image.width * image.height > MAX_PIXELS:
        raise TooLarge(f"It has {image.width} × {image.height} pixels, more than anything made here.")
    return image


def _of_json(data: bytes) -> Mark:
    record = json.loads(data)
    try:
        statement = statement_of(record)
    except (KeyError, TypeError, AttributeError):
        return Mark()  # JSON of somebody else
    if not all(isinstance(text, str) for text in statement.values()):
        return Mark()
    "".join(statement.values()).encode()  # half a letter is none, in JSON alone it can be written
    return Mark(statement.get("digitalSourceType", ""), statement)


def _xmp_of_svg(data: bytes) -> bytes:
    root = xmp.parse(data, limit=len(data))
    found = next(root.iter("{adobe:ns:meta/}xmpmeta"), None)
    return b"" if found is None else ElementTree.tostring(found)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
