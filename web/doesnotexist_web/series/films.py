"""Frames as a loop: an animated WebP, which every browser shows in an <img>, or a video.

Videos are AV1 or VP9, which nobody needs a licence for. They need PyAV, the extra `[video]`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.util import find_spec

import numpy as np

from .boards import Pixels

FPS = 24
DRAWN_FPS = 2  # drawings do not flow into one another: faster, they would flicker
MEDIA_TYPES: Mapping[str, str] = {"webp": "image/webp", "webm": "video/webm", "mp4": "video/mp4"}
# VP9 for those who cannot play AV1 yet. AV1 sequences have at least 64 pixels a side in SVT-AV1.
_CODECS: Mapping[str, tuple[str, dict[str, str]]] = {
    "webm": ("libvpx-vp9", {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "5", "row-mt": "1"}),
    "mp4": ("libsvtav1", {"crf": "26", "preset": "9", "svtav1-params": "lp=1"}),
}
_LEAST = 64  # pixels a side


def film_formats() -> tuple[str, ...]:
    """The formats that films can be had in here."""
    return tuple(MEDIA_TYPES) if find_spec("av") else ("webp",)


def film(frames: Sequence[Pixels], format: str, metadata: Mapping[str, str], fps: int = FPS) -> bytes:
    """A film that goes through the frames and back again, so that it can run for ever."""
    there_and_back = [*frames, *frames[-2:0:-1]]
    if format == "webp":
        return _webp(there_and_back, fps)
    return _video([_even(frame) for frame in there_and_back], format, metadata, fps)


def _webp(frames: Sequence[Pixels], fps: int) -> bytes:
    from PIL import Image

    first, *rest = (Image.fromarray(frame) for frame in frames)
    buffer = io.BytesIO()
    first.save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=rest,
        duration=round(1000 / fps),
        loop=0,  # for ever
        quality=80,
        method=2,
    )
    return buffer.getvalue()


def _video(frames: Sequence[Pixels], format: str, metadata: Mapping[str, str], fps: int) -> bytes:
    os.environ.setdefault("SVT_LOG", "1")  # errors alone; it tells its settings otherwise
    import av
    from av.video.stream import VideoStream

    codec, options = _CODECS[format]
    height, width, _ = frames[0].shape
    buffer = io.BytesIO()
    muxing = {"fflags": "+bitexact"}  # no random numbers: the same frames are the same bytes
    if format == "mp4":
        muxing["movflags"] = "use_metadata_tags"  # else it keeps but a few
    with av.open(buffer, "w", format=format, options=muxing) as container:
        container.metadata.update(metadata)
        stream = container.add_stream(codec, rate=fps, options=options)
        assert isinstance(stream, VideoStream)  # noqa: S101 - which the codecs' names do not tell mypy
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, fps)
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _even(frame: Pixels) -> Pixels:
    """A frame that codecs take: even sides, and not too small; pixels grow as they are, unsmoothed."""
    times = -(-_LEAST // min(frame.shape[:2]))
    grown = frame.repeat(times, axis=0).repeat(times, axis=1) if times > 1 else frame
    height, width = (side - side % 2 for side in grown.shape[:2])
    return np.ascontiguousarray(grown[:height, :width])
