"""Bars as the path of an SVG: the numbers behind a seed, for the page that explains."""

from __future__ import annotations

from collections.abc import Sequence

PITCH = 2  # units from one number to the next
UNIT = 10  # units for 1
REACH = 3.5  # the farthest number that is drawn whole: of 512 normal ones, four times in ten all of them


def bars(numbers: Sequence[float]) -> str:
    """The path of an SVG: a bar for each number, up or down from a middle line at y = 0."""
    heights = (round(UNIT * max(-REACH, min(REACH, number)), 1) for number in numbers)
    return "".join(f"M{PITCH * place + 1} 0v{-height:g}" for place, height in enumerate(heights))


def frame(numbers: Sequence[float]) -> str:
    """The viewBox around the bars."""
    return f"0 {-UNIT * REACH:g} {PITCH * len(numbers)} {2 * UNIT * REACH:g}"
