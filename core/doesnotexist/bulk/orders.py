"""What is to be made: samples of one model and one set of parameters, that differ in their seeds."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..recipe import MAX_SEED, Recipe
from ..zoo import Creation, Zoo


@dataclass(frozen=True)
class Order:
    """`model` is a reference with its digest: one model for all, whatever happens meanwhile."""

    domain: str
    model: str
    params: Mapping[str, Any]
    format: str
    size: int | None
    seeds: Sequence[int]
    drawn: int | None = None
    """The secret number that `draw_seeds` drew the seeds from, if they were drawn."""

    def recipes(self, zoo: Zoo) -> Iterator[Recipe]:
        """The recipes of all seeds, in order; raises what `Zoo.recipe` raises."""
        return (zoo.recipe(self.domain, seed, self.model, self.params) for seed in self.seeds)

    @property
    def suffix(self) -> str:
        """What the names of files end in: `jpg`."""
        return "jpg" if self.format == "jpeg" else self.format


class Sink(Protocol):
    """Where samples go, one by one."""

    @property
    def begun(self) -> bool:
        """Whether anything is there already."""

    def holds(self, recipe: Recipe) -> bool:
        """Whether this one is there already, whole."""

    def put(self, creation: Creation) -> str:
        """Keep one; returns where."""

    def finish(self) -> None:
        """All are there."""

    def close(self) -> None:
        """No more will come now."""


def missing(zoo: Zoo, order: Order, sink: Sink) -> tuple[int, Iterable[Recipe]]:
    """How many samples the sink holds already, and the recipes of the others."""
    if not sink.begun:
        return 0, order.recipes(zoo)
    left = [recipe for recipe in order.recipes(zoo) if not sink.holds(recipe)]
    return len(order.seeds) - len(left), left


def collect(zoo: Zoo, order: Order, left: Iterable[Recipe], sink: Sink) -> Iterator[tuple[Recipe, str]]:
    """Make what is left of an order; gives the recipe of each, and where it was put."""
    try:
        for creation in zoo.generate_many(left, order.format, order.size):
            yield creation.recipe, sink.put(creation)
        sink.finish()
    finally:
        sink.close()


class Unfinished:
    """What a run of drawn seeds was begun with, kept in a file until all are there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def drawn(self, count: int) -> int:
        """The number that the unfinished run of so many drew from; a new one if there is none."""
        try:
            kept = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            kept = {}
        if kept.get("count") == count:
            return int(kept["drawn"])
        drawn = secrets.randbits(63)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps({"count": count, "drawn": drawn}), encoding="utf-8")
        return drawn

    def finish(self) -> None:
        self._path.unlink(missing_ok=True)


def draw_seeds(start: int, count: int) -> list[int]:
    """`count` different seeds that a secret number stands for: kept, it draws the same ones again."""
    # random.Random promises to repeat itself for an int, and sample() draws nothing twice
    return random.Random(start).sample(range(MAX_SEED + 1), count)  # noqa: S311 - `start` is the secret
