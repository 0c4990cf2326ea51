"""Whether bytes are what they claim to be, and harmless where a browser would run them.

A site delivers what a plugin gives under the name of its format, so the bytes of a stranger are looked
at before a visitor's browser does.
"""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

MAX_MEDIA_BYTES = 32 * 2**20  # a 2048 px PNG of noise is 12 MB

# The first bytes of each binary format; RIFF names what it holds at byte 8, ISO media at byte 4.
_MAGIC = {
    "jpeg": (0, b"\xff\xd8\xff"),
    "png": (0, b"\x89PNG\r\n\x1a\n"),
    "webp": (8, b"WEBP"),
    "avif": (4, b"ftypavi"),
    "wav": (8, b"WAVE"),
}
_SVG = "{http://www.w3.org/2000/svg}"
# What runs, or brings in what is not in the file.
_ACTIVE = frozenset({"script", "foreignObject", "iframe", "embed", "object", "handler", "animate", "set"})
_LOADS = re.compile(r"@import|url\(\s*['\"]?(?!#)|javascript:|expression\(", re.IGNORECASE)


def media_fault(format: str, data: bytes) -> str:
    """What is wrong with bytes that should be of this format; "" if nothing is."""
    if not isinstance(data, bytes) or not data:
        return f"gave {type(data).__name__} for {format}, not bytes"
    if format in _MAGIC:
        start, magic = _MAGIC[format]
        return "" if data[start : start + len(magic)] == magic else f"gave bytes that are no {format}"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return f"gave {format} that is no UTF-8"
    if format == "svg":
        return svg_fault(text)
    if format == "json":
        return "" if _is_json(text) else "gave bytes that are no json"
    if format in ("mol", "sdf") and "M  END" not in text:
        return f"gave {format} without its end line"
    return "gave text with control characters" if re.search(r"[\x00-\x08\x0e-\x1f]", text) else ""


def svg_fault(text: str) -> str:
    """Why an SVG is not one that can be shown as it is: it runs something, or fetches something."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return "gave svg with a DOCTYPE, whose entities can be endless"
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - there are no entities, see above
    except ElementTree.ParseError as error:
        return f"gave svg that is no XML: {error}"
    if root.tag != f"{_SVG}svg":
        return "gave XML that is no svg"
    for element in root.iter():
        name = str(element.tag).removeprefix(_SVG)
        if name in _ACTIVE or not str(element.tag).startswith(_SVG):
            return f"gave svg with <{name[:40]}>"
        for key, value in element.attrib.items():
            local = key.rpartition("}")[2].lower()
            outside = local in ("href", "src") and not value.lstrip().startswith(("#", "data:image/"))
            if local.startswith("on") or outside or _LOADS.search(value):
                return f"gave svg with {name}'s attribute {local[:40]}, which runs or fetches something"
        if name == "style" and _LOADS.search(element.text or ""):
            return "gave svg whose style fetches something"
    return ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
