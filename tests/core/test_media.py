import io
import json

import numpy as np
import pytest
from PIL import Image

from doesnotexist import Picture
from doesnotexist.errors import InvalidParameter
from doesnotexist.media import MEDIA_TYPES, PICTURE_FORMATS, check_format, check_size, render

PIXELS = np.random.RandomState(0).randint(0, 256, (16, 24, 3)).astype(np.uint8)


@pytest.mark.parametrize("format", PICTURE_FORMATS)
def test_a_picture_is_encoded_as_what_it_says(format):
    media = render(Picture(PIXELS), format, None)
    image = Image.open(io.BytesIO(media.data))
    assert Image.MIME[image.format] == media.media_type == MEDIA_TYPES[format]
    assert image.size == (24, 16)


def test_png_keeps_every_pixel():
    image = Image.open(io.BytesIO(render(Picture(PIXELS), "png", None).data))
    assert np.array_equal(np.asarray(image), PIXELS)


def test_size_is_the_width_and_keeps_the_shape():
    image = Image.open(io.BytesIO(render(Picture(PIXELS), "png", 48).data))
    assert image.size == (48, 32)


def test_a_whole_multiple_shows_each_pixel_as_it_is():
    image = Image.open(io.BytesIO(render(Picture(PIXELS), "png", 72).data))
    assert np.array_equal(np.asarray(image), PIXELS.repeat(3, axis=0).repeat(3, axis=1))


def test_json_is_the_facts():
    assert json.loads(render(Picture(PIXELS), "json", None).data) == {"width": 24, "height": 16}


def test_the_same_pixels_are_the_same_bytes():
    for format in PICTURE_FORMATS:
        assert render(Picture(PIXELS), format, None).data == render(Picture(PIXELS), format, None).data


def test_suffixes_are_formats_too():
    assert check_format("JPG", PICTURE_FORMATS) == "jpeg"


@pytest.mark.parametrize("format", ["", "exe", "svg", "html", "../png", "jpeg "])
def test_formats_that_are_not_offered_are_refused(format):
    with pytest.raises(InvalidParameter, match="format: expected one of jpeg, png, webp, avif"):
        check_format(format, PICTURE_FORMATS)


@pytest.mark.parametrize("size", [0, -1, 15, 2049, 10**9])
def test_sizes_out_of_bounds_are_refused(size):
    with pytest.raises(InvalidParameter, match="size"):
        check_size(size)
