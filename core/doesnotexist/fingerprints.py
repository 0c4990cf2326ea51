"""Fingerprints of samples: one that every bit changes, and one that only another picture changes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from .media import Picture, Sample

# What says most about a sample for the least work: lossless, or text.
_TELLING = ("smi", "svg", "txt", "png", "wav")
_SIDE = 4  # cells of a look; 48 averages tell any two pictures of a domain apart


def essence(sample: Sample, formats: Sequence[str]) -> bytes:
    """What a sample is, in bytes: its pixels, else its most telling format among its generator's."""
    if isinstance(sample, Picture):
        return sample.pixels.tobytes()
    format = next((name for name in _TELLING if name in formats), formats[0])
    return b"" if format == "json" else sample.encode(format, None)


def digest(sample: Sample, formats: Sequence[str]) -> str:
    """sha256 (64 hex) of what a sample is, which every bit changes."""
    return hashlib.sha256(essence(sample, formats)).hexdigest()


def look(sample: Sample) -> str:
    """A picture shrunk to 4×4 averages, RGB, as 96 hex; empty for what is no picture."""
    from PIL import Image

    if not isinstance(sample, Picture):
        return ""
    small = Image.fromarray(sample.pixels).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return small.tobytes().hex()


def distance(one: str, other: str) -> int:
    """The greatest difference of two looks in any cell, 0 to 255."""
    pairs = zip(bytes.fromhex(one), bytes.fromhex(other), strict=True)
    return max(abs(a - b) for a, b in pairs)
