"""Samples that belong together: a sheet, a strip, neighbours, a morph. From a query to their recipes.

Each costs as many generations as it has samples, so the number is bounded, and so are its pixels.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from doesnotexist import Generator, ModelCard, Recipe, Zoo
from doesnotexist.errors import InvalidParameter
from doesnotexist.generator import schemas
from doesnotexist.media import MAX_SIZE, MIN_SIZE, PICTURE_FORMATS
from doesnotexist.recipe import MAX_SEED, Value, fresh_seed, parse_seed, text_of

from .orders import only_once

FEW_FRAMES = 12  # of drawings, each of which is looked at
TILE = 256  # pixels of a tile's side unless the model makes smaller ones, and of a drawing


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


@dataclass(frozen=True)
class Series:
    """What a request asks for: `recipes` in order, each `size` pixels wide.

    `query` asks for the same again, for ever; `seeded` and `complete` are those of an order.
    """

    kind: Kind
    domain: str
    recipes: tuple[Recipe, ...]
    size: int
    query: Mapping[str, str]
    seeded: bool
    complete: bool

    @property
    def digest(self) -> str:
        """The name of these samples at this size, in this order: sha256 (64 hex)."""
        told = (self.kind.name, str(self.size), *(recipe.digest for recipe in self.recipes))
        return hashlib.sha256(" ".join(told).encode()).hexdigest()


def read_series(kind: Kind, zoo: Zoo, domain: str, query: MultiDict[str, str]) -> Series:
    """The series that a query asks for: `seed=7&psi=0.5&frames=48`; without a seed a fresh one.

    Raises UnknownModel, ModelGone, InvalidParameter.
    """
    given = dict(only_once(query))
    for name in kind.sets:
        if name in given:
            raise InvalidParameter(name, f"none: the {kind.name} sets it", given[name])
    seeds = ("seed", *kind.asks)
    seeded = all(name in given for name in seeds)
    count = _whole(
        kind.per, given.pop(kind.per, str(usual(kind, zoo.generator(domain)))), kind.few, kind.many
    )
    size = given.pop("size", None)
    model = given.pop("model", None)
    seed = parse_seed(given.pop("seed")) if "seed" in given else fresh_seed()
    own = {**{name: str(fresh_seed()) for name in kind.asks}, **given}

    def recipe(seed: int, **more: Value) -> Recipe:
        return zoo.recipe(domain, seed, model, {**own, **more})

    recipes = kind.make(recipe, seed, count)
    first = recipe(seed)
    width = _size(zoo.card(domain, model), size)
    if kind is SHEET and count * width > MAX_SIZE:
        raise InvalidParameter("size", f"at most {MAX_SIZE // count} for {count} in a row", width)
    kept = {name: text_of(value) for name, value in first.params.items() if name not in kind.sets}
    return Series(
        kind=kind,
        domain=domain,
        recipes=tuple(recipes),
        size=width,
        query={
            "model": first.reference,
            "seed": str(seed),
            **dict(sorted(kept.items())),
            kind.per: str(count),
            "size": str(width),
        },
        seeded=seeded,
        complete=seeded and "@" in (model or "") and own.keys() >= kept.keys(),
    )


def _size(card: ModelCard, text: str | None) -> int:
    usual = min(card.resolution or TILE, TILE)
    return usual if text is None else _whole("size", text, MIN_SIZE, 2 * TILE)


def _whole(name: str, text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not low <= int(text) <= high:
        raise InvalidParameter(name, f"an integer from {low} to {high}", text)
    return int(text)


def is_drawn(generator: Generator) -> bool:
    """Whether its samples are drawings, which do not flow into one another as pictures do."""
    return generator.formats[0] not in PICTURE_FORMATS


def usual(kind: Kind, generator: Generator) -> int:
    """How many samples a series has unless the query says so."""
    return FEW_FRAMES if kind.film and is_drawn(generator) else kind.usual


def offers(generator: Generator, kind: Kind) -> bool:
    """Whether a generator's samples can be arranged so."""
    if kind is STRIP and "truncate" in generator.capabilities:
        psi = schemas(generator.params)["psi"]
        return bool(psi.get("minimum", -1) <= -1 and psi.get("maximum", 1) >= 1)
    return not kind.needs or kind.needs in generator.capabilities


def listed(series: Series, links: list[str]) -> dict[str, Any]:
    """The series as JSON data: each sample's recipe and where it is."""
    samples = [
        {"seed": recipe.seed, "params": dict(recipe.params), "recipe": str(recipe), "url": link}
        for recipe, link in zip(series.recipes, links, strict=True)
    ]
    return {"kind": series.kind.name, "domain": series.domain, "samples": samples}
