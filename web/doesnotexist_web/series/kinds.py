"""The kinds of series: what each is, and how many samples one may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from doesnotexist import Generator, Recipe
from doesnotexist.generator import schemas
from doesnotexist.recipe import MAX_SEED

from .boards import is_picture

FEW_FRAMES = 12  # of drawings, each of which is looked at
Make = Callable[[Callable[..., Recipe], int, int], list[Recipe]]


def _sheet(recipe: Callable[..., Recipe], seed: int, side: int) -> list[Recipe]:
    return [recipe((seed + i) % (MAX_SEED + 1)) for i in range(side * side)]


def _strip(recipe: Callable[..., Recipe], seed: int, count: int) -> list[Recipe]:
    return [recipe(seed, psi=psi) for psi in _evenly(-1, 1, count)]


def _neighbours(recipe: Callable[..., Recipe], seed: int, count: int) -> list[Recipe]:
    return [recipe(seed), *(recipe(seed, relative=number) for number in range(1, count + 1))]


def _morph(recipe: Callable[..., Recipe], seed: int, frames: int) -> list[Recipe]:
    return [recipe(seed, step=step) for step in _evenly(0, 1, frames)]


def _evenly(low: float, high: float, count: int) -> list[float]:
    """`count` numbers from `low` to `high`, short enough to stand in a link."""
    return [round(low + (high - low) * i / (count - 1), 4) for i in range(count)]


@dataclass(frozen=True)
class Kind:
    """What a series is, and how many samples it may have.

    `make` gives the recipes from a maker of recipes, a seed and the number that `per` names; `needs`
    is the capability of a generator that can make one, "" if all can; `sets` are the parameters of
    the generator that the series itself decides; `asks` are seeds besides the first.
    """

    name: str
    about: str
    make: Make
    per: str
    few: int
    usual: int
    many: int
    needs: str = ""
    sets: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()

    @property
    def film(self) -> bool:
        """Whether its samples follow one another in time."""
        return self.name == "morph"


SHEET = Kind(
    name="sheet",
    about="An uncurated sheet: side × side samples of consecutive seeds.",
    make=_sheet,
    per="side",
    few=1,
    usual=5,
    many=8,
)
STRIP = Kind(
    name="strip",
    about="One seed from its anti-face (psi −1) through the mean (0) to itself (1), as in figure 8 of "
    "Karras et al. 2019.",
    make=_strip,
    per="count",
    few=3,
    usual=9,
    many=17,
    needs="truncate",
    sets=("psi",),
)
NEIGHBOURS = Kind(
    name="neighbours",
    about="A sample, and those that are near it in the latent space.",
    make=_neighbours,
    per="count",
    few=1,
    usual=8,
    many=24,
    needs="neighbours",
    sets=("relative",),
)
MORPH = Kind(
    name="morph",
    about="The way from one seed to another, and back.",
    make=_morph,
    per="frames",
    few=2,
    usual=48,
    many=96,
    needs="interpolate",
    sets=("step",),
    asks=("toward",),
)
KINDS = {kind.name: kind for kind in (SHEET, STRIP, NEIGHBOURS, MORPH)}


def usual(kind: Kind, generator: Generator) -> int:
    """How many samples a series has unless the query says so."""
    return FEW_FRAMES if kind.film and not is_picture(generator) else kind.usual


def offers(generator: Generator, kind: Kind) -> bool:
    """Whether a generator's samples can be arranged so."""
    if kind is STRIP and "truncate" in generator.capabilities:
        psi = schemas(generator.params)["psi"]
        return bool(psi.get("minimum", -1) <= -1 and psi.get("maximum", 1) >= 1)
    return not kind.needs or kind.needs in generator.capabilities
