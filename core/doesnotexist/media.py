"""Media: the bytes of a sample in a media type.

A sample is anything with the three methods of `Sample`. `Picture` is the one most generators
return; a molecule, a sound or a text brings its own class and its own media types.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .errors import InvalidParameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What a site may deliver. A generator can offer these and no others: HTML or scripts from a
# plugin would run in the visitor's page.
MEDIA_TYPES: Mapping[str, str] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
    "sdf": "chemical/x-mdl-sdfile",
    "mol": "chemical/x-mdl-molfile",
    "smi": "chemical/x-daylight-smiles",
    "txt": "text/plain",
    "wav": "audio/wav",
    "json": "application/json",
}
SUFFIXES: Mapping[str, str] = {"jpg": "jpeg", **{name: name for name in MEDIA_TYPES}}
PICTURE_FORMATS = ("jpeg", "png", "webp", "avif")

MIN_SIZE, MAX_SIZE = 16, 2048  # pixels; a larger side costs more to encode than to generate

_ENCODERS: Mapping[str, dict[str, Any]] = {
    # 4:4:4 below 256 px, where a chroma block of 16 pixels would be an eye
    "jpeg": {"format": "JPEG", "quality": 92},
    "png": {"format": "PNG", "compress_level": 6},
    "webp": {"format": "WEBP", "quality": 90, "method": 4},
    "avif": {"format": "AVIF", "quality": 75, "speed": 8},
}


class Sample(Protocol):
    """What a generator makes from a recipe."""

    def encode(self, format: str, size: int | None) -> bytes:
        """The bytes in one of the generator's formats, `size` pixels a side where that applies."""

    def facts(self) -> dict[str, Any]:
        """What is known of the sample, as JSON data: a picture's size, a molecule's formula."""


@dataclass(frozen=True)
class Media:
    """Finished bytes in one format, with the facts of the sample they show."""

    data: bytes
    format: str
    facts: Mapping[str, Any]

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]


@dataclass(frozen=True)
class Picture:
    """A picture: `pixels` (H, W, 3) uint8, RGB."""

    pixels: NDArray[np.uint8]

    def encode(self, format: str, size: int | None) -> bytes:
        from PIL import Image

        image = Image.fromarray(self.pixels)
        if size is not None and size != image.width:
            height = max(1, round(image.height * size / image.width))
            # a whole multiple shows each pixel as it is; any other size is resampled
            exact = size % image.width == 0
            image = image.resize(
                (size, height), Image.Resampling.NEAREST if exact else Image.Resampling.LANCZOS
            )
        options = dict(_ENCODERS[format])
        if format == "jpeg":
            options["subsampling"] = 0 if image.width < 256 else 2
        buffer = io.BytesIO()
        image.save(buffer, **options)
        return buffer.getvalue()

    def facts(self) -> dict[str, Any]:
        height, width, _ = self.pixels.shape
        return {"width": width, "height": height}


def render(sample: Sample, format: str, size: int | None) -> Media:
    """`sample` in `format`; JSON is the facts themselves, for every kind of sample."""
    facts = sample.facts()
    data = as_json(facts) if format == "json" else sample.encode(format, size)
    return Media(data, format, facts)


def as_json(data: Any) -> bytes:
    """UTF-8 JSON with sorted keys, so that equal data are equal bytes."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode()


def check_format(format: str, offered: tuple[str, ...]) -> str:
    """The format that a name or a file's suffix means; raises InvalidParameter."""
    known = SUFFIXES.get(format.lower())
    if known is None or known not in offered:
        raise InvalidParameter("format", f"one of {', '.join(offered)}", format)
    return known


def check_size(size: int | None) -> int | None:
    """`size` itself if it is None or allowed; raises InvalidParameter."""
    if size is not None and not MIN_SIZE <= size <= MAX_SIZE:
        raise InvalidParameter("size", f"a width from {MIN_SIZE} to {MAX_SIZE} pixels", size)
    return size
