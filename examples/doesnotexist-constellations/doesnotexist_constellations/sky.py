"""A seed → a sky: where the stars stand, which of them belong together, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doesnotexist import Recipe, Sample

from . import drawing
from .names import REAL

Edge = tuple[int, int]
Points = NDArray[np.float64]  # (N, 2), x and y from 0 to 1

MARGIN = 0.14  # of the picture's side that the figure keeps free
LONGEST = 11  # letters
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August")
MONTHS += ("September", "October", "November", "December")
# How a Latin name says "of": the brightest star of Lyra is α Lyrae.
GENITIVES = (("us", "i"), ("um", "i"), ("a", "ae"), ("is", "is"), ("es", "is"), ("o", "onis"), ("x", "cis"))


@dataclass(frozen=True)
class Star:
    """`x`, `y` from 0 to 1; `light` from 0 to 1; `colour` red, green, blue from 0 to 1."""

    x: float
    y: float
    light: float
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class Sky:
    """A sample: the stars of the figure, the lines between them, and all other stars."""

    name: str
    month: str
    figure: tuple[Star, ...]
    edges: tuple[Edge, ...]
    others: tuple[Star, ...]
    lines: bool

    def encode(self, format: str, size: int | None) -> bytes:
        if format == "svg":
            return drawing.svg(self, size or drawing.SIDE).encode()
        return drawing.picture(self).encode(format, size)

    def facts(self) -> dict[str, Any]:
        told = f"Best seen in {self.month}; its brightest star is α {genitive(self.name)}."
        return {"name": self.name, "description": told, "stars": len(self.figure)}


class Astronomer:
    """`letters` (27, 27, 27) float32 counts, `colours` (N, 3) float32 from 0 to 1: the weights."""

    def __init__(self, letters: NDArray[np.float32], colours: NDArray[np.float32]) -> None:
        self._letters = letters.astype(float)
        self._colours = [(float(red), float(green), float(blue)) for red, green, blue in colours]

    def sample(self, recipes: Sequence[Recipe]) -> list[Sample]:
        return [self._sky(recipe) for recipe in recipes]

    def _sky(self, recipe: Recipe) -> Sky:
        # one generator for each thing, so that turning one parameter leaves the others as they are
        figure, around, words = (np.random.RandomState([recipe.seed, part]) for part in range(3))
        points = scattered(figure, int(recipe.params["stars"]))
        light = np.sort(figure.uniform(0.35, 1, len(points)))[::-1]
        faint = int(float(recipe.params["crowd"]) * 420)
        return Sky(
            name=self._name(words),
            month=MONTHS[words.randint(12)],
            figure=self._stars(figure, points, light),
            edges=tuple(edges(points)),
            others=self._stars(
                around, around.uniform(0, 1, (faint, 2)), around.uniform(0, 1, faint) ** 5 * 0.3
            ),
            lines=bool(recipe.params["lines"]),
        )

    def _stars(
        self, random: np.random.RandomState, points: Points, light: NDArray[np.float64]
    ) -> tuple[Star, ...]:
        colours = random.randint(len(self._colours), size=len(points))
        return tuple(
            Star(float(x), float(y), float(one), self._colours[colour])
            for (x, y), one, colour in zip(points, light, colours, strict=True)
        )

    def _name(self, random: np.random.RandomState) -> str:
        """A name that no constellation has."""
        name = REAL[0]
        while name in REAL:
            name = self._word(random)
        return name.capitalize()

    def _word(self, random: np.random.RandomState) -> str:
        codes = [0, 0]
        while len(codes) < LONGEST + 2:
            odds = self._letters[codes[-2], codes[-1]].copy()
            if len(codes) < 6 and odds[1:].any():
                odds[0] = 0  # no name has fewer than four letters, if the letters so far go on at all
            codes.append(int(random.choice(27, p=odds / odds.sum())))
            if codes[-1] == 0:
                break
        return "".join(chr(ord("a") + code - 1) for code in codes if code)


def scattered(random: np.random.RandomState, count: int) -> Points:
    """`count` points that keep apart: each is the farthest of a few (Mitchell's best candidate)."""
    points = random.uniform(MARGIN, 1 - MARGIN, (1, 2))
    while len(points) < count:
        offered = random.uniform(MARGIN, 1 - MARGIN, (8, 2))
        apart = np.linalg.norm(offered[:, None] - points[None], axis=2).min(axis=1)
        points = np.vstack([points, offered[apart.argmax()]])
    return points


def edges(points: Points) -> list[Edge]:
    """The shortest lines that join all points, and the shortest one that closes a loop without crossing.

    The first are a minimum spanning tree (Prim 1957). Its lines, and all of a Gabriel graph (Gabriel and
    Sokal 1969), never cross.
    """
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    joined, tree = [0], list[Edge]()
    while len(joined) < len(points):
        left = [index for index in range(len(points)) if index not in joined]
        near = apart[np.ix_(joined, left)]
        row, column = np.unravel_index(near.argmin(), near.shape)
        tree.append((joined[row], left[column]))
        joined.append(left[column])
    known = {tuple(sorted(edge)) for edge in tree}
    pairs = [(i, j) for i in range(len(points)) for j in range(i) if (j, i) not in known]
    loops = [(float(apart[pair]), pair) for pair in pairs if _nothing_between(points, *pair)]
    return [*tree, *(pair for _, pair in sorted(loops)[:1])]


def _nothing_between(points: Points, i: int, j: int) -> bool:
    """Whether no other point lies in the circle that has both at its ends."""
    centre, radius = (points[i] + points[j]) / 2, np.linalg.norm(points[i] - points[j]) / 2
    inside = np.linalg.norm(points - centre, axis=1) < radius - 1e-9
    return not inside.any()


def genitive(name: str) -> str:
    """Of what a Latin noun names, nearly: Cygnus → Cygni."""
    for ending, instead in GENITIVES:
        if name.endswith(ending):
            return name.removesuffix(ending) + instead
    return f"{name}is"
