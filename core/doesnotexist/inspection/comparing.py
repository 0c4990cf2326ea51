"""Whether a file shows the sample that was made again from its recipe: its pixels, its text, its sound."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ..media import PICTURE_FORMATS
from ..provenance import texts, xmp
from ..provenance.containers import sound_in_wav
from ..provenance.marks import open_picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What another machine, or another release of a codec, may do: floating point rounds to the next level of
# a pixel, and a lossy codec spreads that over its block.
LOSSLESS_LEVELS = 1
LOSSY_LEVELS, LOSSY_MEAN = 24, 1.0
_LOSSLESS = "png"
_SAME_SHAPE = 4  # bits of 64 that two hashes of one picture may differ in
# In what is said of a picture beside its pixels: a viewer shows other colours for these.
_COLOURS = frozenset({"icc_profile", "gamma", "chromaticity"})
_ORIENTATION = 0x0112  # the EXIF tag; 1 is upright
_SHOWN = ("{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xhtml}")
_METADATA = f"{_SHOWN[0]}metadata"
_OUR_PLACES = frozenset({"xmp", "XML:com.adobe.xmp"})
# What a record says of the release that wrote it, not of the sample.
_OF_THE_RELEASE = ("generator", "statement")


@dataclass(frozen=True)
class Difference:
    """How a file differs from what was made: nothing at all, or `told`, in words.

    `near`: as another machine might have made it. `alike`: at a glance it is the same picture.
    """

    told: str = ""
    near: bool = False
    alike: bool = False


def difference(given: bytes, made: bytes, format: str) -> Difference | None:
    """How two files of a format differ in what they show, marks left aside; None if that cannot be told.

    Raises ValueError if `given` cannot be decoded to the end.
    """
    if format in PICTURE_FORMATS:
        return _of_pictures(_pixels(given), _pixels(made), lossless=format == _LOSSLESS)
    content = _CONTENT.get(format)
    if content is None:
        return None
    if len(given) > 4 * len(made) + 4096:  # and what is nested deep takes the square of its length to read
        return Difference("it says far more")
    return Difference() if content(given) == content(made) else Difference("it says something else")


def beside(given: bytes, made: bytes, format: str) -> list[str]:
    """Where a file says something beside its mark that one made here does not, such as in EXIF.

    Raises ValueError if `given` cannot be opened.
    """
    if format == "svg":
        aside = [_aside(data) for data in (given, made)]
        return ["metadata"] if aside[0] != aside[1] else []
    if format not in PICTURE_FORMATS:
        return []
    with open_picture(given) as one, open_picture(made) as other:
        return sorted(
            str(name)[:40]
            for name, told in one.info.items()
            if name not in _OUR_PLACES and other.info.get(name) != told
        )


def _aside(data: bytes) -> list[str]:
    """The names of all in the metadata of a drawing but our own packet."""
    root = xmp.parse(data, limit=len(data))
    return [child.tag for aside in root.iter(_METADATA) for child in aside]


def _of_pictures(given: NDArray[np.uint8], made: NDArray[np.uint8], *, lossless: bool) -> Difference:
    """Both (H, W, 4) uint8."""
    import numpy as np

    distance = (difference_hash(given) ^ difference_hash(made)).bit_count()
    alike = distance <= _SAME_SHAPE
    if given.shape != made.shape:
        sides = f"{given.shape[1]} × {given.shape[0]} pixels, not {made.shape[1]} × {made.shape[0]}"
        return Difference(f"it has {sides}", alike=alike)
    levels = np.abs(given.astype(np.int16) - made)
    if not levels.any():
        return Difference()
    largest, changed = int(levels.max()), int(levels.any(axis=2).sum())
    limits = (LOSSLESS_LEVELS, LOSSLESS_LEVELS) if lossless else (LOSSY_LEVELS, LOSSY_MEAN)
    pixels = f"{changed:,} of {given.shape[0] * given.shape[1]:,} pixels differ"
    return Difference(
        f"{pixels}, by up to {largest} of 255 levels; perceptual distance {distance} of 64",
        near=largest <= limits[0] and float(levels.mean()) <= limits[1],
        alike=alike,
    )


def difference_hash(pixels: NDArray[np.uint8]) -> int:
    """64 bits that survive scaling and compression: whether each of 9 × 8 greys is darker than the next.

    (H, W, 4) uint8. Krawetz, "Kind of Like That", 2013.
    """
    import numpy as np
    from PIL import Image

    small = Image.fromarray(pixels).convert("L").resize((9, 8), Image.Resampling.LANCZOS)
    grey = np.asarray(small, np.int16)
    bits = (grey[:, :-1] < grey[:, 1:]).flatten()
    return int("".join("1" if bit else "0" for bit in bits), 2)


def _pixels(data: bytes) -> NDArray[np.uint8]:
    import numpy as np

    with open_picture(data) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise ValueError("it is animated")
        try:
            pixels = np.asarray(image.convert("RGBA"))
            turned = image.getexif().get(_ORIENTATION, 1) != 1
        except Exception as error:  # the wall to Pillow, whose decoders raise what they like
            raise ValueError(f"its pixels cannot be read to the end ({type(error).__name__})") from None
        coloured = _COLOURS & image.info.keys() or (image.format == "PNG" and b"cICP" in data)
    if turned or coloured:
        raise ValueError(f"it is shown {'turned' if turned else 'in other colours'}, as no sample here is")
    return pixels


def _of_svg(data: bytes) -> str:
    root = xmp.parse(data, limit=len(data))  # which refuses entities; canonicalize would expand them
    for aside in root.iter(_METADATA):  # left aside below: a style or a script in it would be at work
        if any(element.tag.startswith(_SHOWN) for element in aside.iter() if element is not aside):
            raise ValueError("its metadata holds more than words")
    return ElementTree.canonicalize(data.decode("utf-8-sig"), strip_text=True, exclude_tags={_METADATA})


def _of_sdf(data: bytes) -> str:
    return re.sub(texts.FIELD, "", _text(data))


def _of_mol(data: bytes) -> list[str]:
    lines = _text(data).split("\n")
    return lines[:2] + lines[3:]


def _of_smi(data: bytes) -> list[list[str]]:
    return [line.split(maxsplit=1)[:1] for line in _text(data).split("\n")]


def _of_json(data: bytes) -> Mapping[str, Any]:
    record: Mapping[str, Any] = json.loads(data)
    return {name: value for name, value in record.items() if name not in _OF_THE_RELEASE}


def _text(data: bytes) -> str:
    return data.decode("utf-8").replace("\r\n", "\n").strip("\n")


_CONTENT: Mapping[str, Callable[[bytes], object]] = {
    "svg": _of_svg,
    "sdf": _of_sdf,
    "mol": _of_mol,
    "smi": _of_smi,
    "json": _of_json,
    "wav": sound_in_wav,
}
