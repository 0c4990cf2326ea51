"""Pictures that the site puts together."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from doesnotexist_web.series.boards import board, cropped, pixels_of


def tile(shade: int) -> np.ndarray:
    return np.full((2, 3, 3), shade, np.uint8)


def test_tiles_stand_in_rows_from_left_to_right():
    whole = board([tile(shade) for shade in (1, 2, 3, 4, 5)], 2)

    assert whole.shape == (6, 6, 3)
    assert whole[::2, ::3, 0].tolist() == [[1, 2], [3, 4], [5, 255]]


def test_what_is_transparent_lies_on_white():
    buffer = io.BytesIO()
    Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(buffer, "PNG")

    assert (pixels_of(buffer.getvalue()) == 255).all()


@pytest.mark.parametrize(
    ("width", "height", "shape"), [(2, 4, (4, 2, 3)), (4, 2, (2, 4, 3)), (9, 9, (4, 4, 3))]
)
def test_the_middle_is_cut_out(width, height, shape):
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[1:3, 1:3] = 1
    middle = cropped(pixels, width, height)

    assert middle.shape == shape
    assert middle[:, :, 0].sum() == 4
