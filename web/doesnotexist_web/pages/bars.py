"""Bars as the path of an SVG: the numbers behind a seed, for the page that explains."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

PITCH = 2  # units from one number to the next
UNIT = 10  # units for 1
REACH = 3.5  # the farthest number that is drawn whole: of 512 normal ones, four times in ten all of them


def bars(numbers: Sequence[float]) -> str:
    """The path of an SVG: a bar for each number, up or down from a middle line at y = 0."""
    drops = -UNIT * np.clip(numbers, -REACH, REACH)
    path = _template(len(numbers)) % tuple(drops.tolist())
    return path.replace(".0M", "M").removesuffix(".0")  # whole ones as whole ones


@lru_cache(8)  # generators differ, if at all, in how many numbers they draw
def _template(count: int) -> str:
    return "".join(f"M{PITCH * place + 1} 0v%.1f" for place in range(count))


def frame(numbers: Sequence[float]) -> str:
    """The viewBox around the bars."""
    return f"0 {-UNIT * REACH:g} {PITCH * len(numbers)} {2 * UNIT * REACH:g}"
