"""Frames as a loop."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from doesnotexist_web.series.films import DRAWN_FPS, FPS, film, film_formats

FRAMES = [np.full((64, 64, 3), 10 + 40 * number, np.uint8) for number in range(5)]


def test_a_webp_goes_there_and_back_for_ever():
    loop = Image.open(io.BytesIO(film(FRAMES, "webp", {})))

    assert (loop.format, loop.n_frames, loop.info["loop"]) == ("WEBP", 8, 0)
    shades = []
    for number in range(loop.n_frames):
        loop.seek(number)
        shades.append(int(np.asarray(loop.convert("RGB")).mean()))
    assert shades == pytest.approx([10, 50, 90, 130, 170, 130, 90, 50], abs=3)


@pytest.mark.parametrize(("format", "codec"), [("webm", "vp9"), ("mp4", "av1")])
@pytest.mark.parametrize("side", [16, 64, 65])
def test_a_video_has_its_frames_in_order_and_its_tags(format, codec, side):
    import av

    frames = [np.full((side, side, 3), frame[0, 0], np.uint8) for frame in FRAMES]
    data = film(frames, format, {"comment": "does not exist", "recipe": "a recipe"})

    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        shades = [int(frame.to_ndarray(format="rgb24").mean()) for frame in container.decode(stream)]
        tags = {name.lower(): text for name, text in container.metadata.items()}
        assert codec in (stream.codec.canonical_name, stream.codec.name)
        assert stream.average_rate == FPS
        assert min(stream.width, stream.height) >= 64
    assert shades == pytest.approx([10, 50, 90, 130, 170, 130, 90, 50], abs=6)
    assert (tags["comment"], tags["recipe"]) == ("does not exist", "a recipe")


def test_the_same_frames_are_the_same_bytes():
    for format in film_formats():
        assert film(FRAMES, format, {}) == film(FRAMES, format, {})


def test_without_pyav_there_is_webp(monkeypatch):
    monkeypatch.setattr("doesnotexist_web.series.films.find_spec", lambda name: None)

    assert film_formats() == ("webp",)


def test_drawings_do_not_flicker():
    import av

    loop = Image.open(io.BytesIO(film(FRAMES, "webp", {}, DRAWN_FPS)))
    loop.load()
    assert loop.info["duration"] >= 400  # WCAG 2.2, 2.3.1: no more than three flashes a second
    with av.open(io.BytesIO(film(FRAMES, "webm", {}, DRAWN_FPS))) as container:
        assert container.streams.video[0].average_rate <= 3
