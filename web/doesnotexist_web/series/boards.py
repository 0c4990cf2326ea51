"""Pictures that the site puts together: tiles in rows, one cut to a shape; marked like every other."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doesnotexist import Generator, Media
from doesnotexist.media import PICTURE_FORMATS
from doesnotexist.provenance import mark

from .. import here

Pixels = NDArray[np.uint8]  # (H, W, 3), RGB


def is_picture(generator: Generator) -> bool:
    """Whether what it makes is pixels, which flow into one another; else it is drawn, and worth words."""
    return generator.formats[0] in PICTURE_FORMATS


def pixels_of(picture: bytes) -> Pixels:
    """The pixels of a picture in one of our formats; what is transparent lies on white."""
    from PIL import Image

    with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG", "WEBP", "AVIF")) as image:
        layers = image.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        return np.asarray(Image.alpha_composite(white, layers).convert("RGB"))


def board(tiles: Sequence[Pixels], columns: int) -> Pixels:
    """Tiles of one size in rows from left to right; what is left over of the last row is white."""
    height, width, _ = tiles[0].shape
    whole = np.full((math.ceil(len(tiles) / columns) * height, columns * width, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        whole[row * height : (row + 1) * height, column * width : (column + 1) * width] = tile
    return whole


def cropped(pixels: Pixels, width: int, height: int) -> Pixels:
    """The middle of a picture, at most `width` × `height`."""
    top = max(0, (pixels.shape[0] - height) // 2)
    left = max(0, (pixels.shape[1] - width) // 2)
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def finished(data: bytes, format: str, record: Mapping[str, Any], size: int | None) -> bytes:
    """What was put together, with its mark, and signed where this site signs; `size` of each sample."""
    if format != "webm":  # whose mark is in its tags
        data = mark(data, format, record, size)
    signer = here.zoo().signer
    return signer.sign(Media(data, format, {}), dict(record)).data if signer else data
