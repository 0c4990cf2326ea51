"""Samples that belong together: from a query to their recipes.

Each costs as many generations as it has samples, so the number is bounded, and so are its pixels.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from doesnotexist import ModelCard, Recipe, Zoo
from doesnotexist.errors import InvalidParameter
from doesnotexist.media import MAX_SIZE, MIN_SIZE
from doesnotexist.recipe import Value, fresh_seed, parse_seed, text_of

from ..asking.orders import only_once
from .kinds import SHEET, Kind, usual

TILE = 256  # pixels of a tile's side unless the model makes smaller ones, and of a drawing


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


def listed(series: Series, links: list[str]) -> dict[str, Any]:
    """The series as JSON data: each sample's recipe and where it is."""
    samples = [
        {"seed": recipe.seed, "params": dict(recipe.params), "recipe": str(recipe), "url": link}
        for recipe, link in zip(series.recipes, links, strict=True)
    ]
    return {"kind": series.kind.name, "domain": series.domain, "samples": samples}
