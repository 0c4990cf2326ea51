"""What lies in the store: whose it is, whether it is whole, and what may go."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..cards import ModelCard
from ..errors import WeightsMismatch
from ..weights import Store, measure

Kind = Literal["weights", "source", "converted", "part", "wrong", "unknown"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
PART_AGE_S = 24 * 3600.0
"""A download that nobody has gone on with for so long is given up."""


@dataclass(frozen=True)
class Item:
    """One file of the store.

    `weights` run as they are; a `source` was or will be `converted`; a `part` is an unfinished
    download, `wrong` a file whose bytes were found to be wrong, `unknown` one that no model names.
    """

    path: Path
    kind: Kind
    size: int
    age_s: float
    models: tuple[str, ...]


def look(store: Store, cards: Iterable[ModelCard]) -> list[Item]:
    """Every file of the store, by name; lock files, which hold nothing, are left out."""
    named = _named(store, cards)
    paths = sorted(path for path in (store.root / "sha256").glob("*/*") if path.suffix != ".lock")
    return [_item(path, named) for path in paths]


def verify(store: Store, items: Iterable[Item]) -> Iterator[tuple[Item, WeightsMismatch | None]]:
    """Read every whole file and compare it with its name, which is its sha256; wrong ones are put aside."""
    for item in items:
        if not _DIGEST.fullmatch(item.path.name):
            continue
        found = "a symbolic link" if item.path.is_symlink() else measure(item.path)[1]
        if found == item.path.name:
            yield item, None
        else:
            store.quarantine(item.path)
            yield item, WeightsMismatch(_name(item), "sha256", item.path.name, found, "put aside")


def spare(items: Iterable[Item], *, sources: bool = False, unknown: bool = False) -> list[Item]:
    """What may go: given-up parts and wrong files; if asked, converted sources and what no model names."""
    items = list(items)
    converted = {model for item in items if item.kind == "converted" for model in item.models}
    return [
        item
        for item in items
        if item.kind == "wrong"
        or (item.kind == "part" and item.age_s > PART_AGE_S)
        or (unknown and item.kind == "unknown")
        or (sources and item.kind == "source" and set(item.models) <= converted)
    ]


def of_models(items: Iterable[Item], models: Sequence[str]) -> list[Item]:
    """The files that belong to these models and to no other."""
    return [item for item in items if item.models and set(item.models) <= set(models)]


def remove(store: Store, items: Iterable[Item]) -> int:
    """Delete files, and what is recorded of their conversion; how many bytes that freed."""
    freed = 0
    for item in items:
        if item.kind == "converted":
            for record in (store.root / "converted").glob("*/*.json"):
                made = store.converted(record.stem)
                if made is not None and made.sha256 == item.path.name:
                    record.unlink(missing_ok=True)
        item.path.unlink(missing_ok=True)
        freed += item.size
    return freed


def _named(store: Store, cards: Iterable[ModelCard]) -> dict[str, tuple[Kind, list[str]]]:
    """What each sha256 is, and the models that need it."""
    named: dict[str, tuple[Kind, list[str]]] = {}
    for card in cards:
        for file in card.files:
            kind: Kind = "weights" if file.format == "safetensors" else "source"
            named.setdefault(file.sha256, (kind, []))[1].append(card.id)
            made = store.converted(file.sha256) if kind == "source" else None
            if made is not None:
                named.setdefault(made.sha256, ("converted", []))[1].append(card.id)
    return named


def _item(path: Path, named: dict[str, tuple[Kind, list[str]]]) -> Item:
    kind, models = named.get(path.name[:64], ("unknown", []))
    if path.suffix == ".part":
        kind = "part"
    elif path.suffix == ".wrong":
        kind = "wrong"
    elif not _DIGEST.fullmatch(path.name):
        kind, models = "unknown", []
    found = path.lstat()
    return Item(path, kind, found.st_size, max(0.0, time.time() - found.st_mtime), tuple(models))


def _name(item: Item) -> str:
    return ", ".join(item.models) or item.path.name[:12]
