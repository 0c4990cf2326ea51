"""Whatever name a registry may give, what is joined from it stays where it belongs, on every system."""

from __future__ import annotations

import ntpath
import posixpath
from random import Random

import pytest
from pydantic import TypeAdapter, ValidationError

from doesnotexist.cards import Commit, FileName, RelativePath, Slug
from doesnotexist.recipe import MODEL_ID

PIECES = [
    *"abzAZ09._-/\\:%~ ",
    *"..", "../", "..\\", "C:", "\\\\host\\", "//", "%2e%2e", "\u2024\u2024", "\u2025", "\uff0e", "\0",
    "\n", "\r\n", "\u2028", "\x85", "\x7f", "weights", "safetensors", "a" * 64, "main", "é",
]  # fmt: skip
COUNT = 20_000


def names(seed: int) -> list[str]:
    chance = Random(seed)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 6))) for _ in range(COUNT)]


def accepted(kind: object, seed: int) -> list[str]:
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    found = []
    for name in names(seed):
        try:
            found.append(adapter.validate_python(name))
        except ValidationError:
            continue
    return found


def inside(name: str) -> bool:
    """Whether a path stays in its folder, as two families of systems understand it."""
    for system, root in ((posixpath, "/store"), (ntpath, "C:\\store")):
        whole = system.normpath(system.join(root, name))
        if not whole.startswith(root + system.sep) or "\0" in whole:
            return False
    return True


@pytest.mark.parametrize(("kind", "seed"), [(RelativePath, 1), (FileName, 2), (Slug, 3)])
def test_every_accepted_name_stays_inside(kind: object, seed: int) -> None:
    found = accepted(kind, seed)
    assert len(found) > 200, "the pieces make names that are accepted too"
    assert [name for name in found if not inside(name)] == []
    assert [name for name in found if not name.isascii() or not name.isprintable()] == []


def test_the_pieces_make_names_that_lead_elsewhere() -> None:
    assert sum(not inside(name) for name in names(1)) > 1000


def test_every_accepted_id_stays_inside() -> None:
    found = [name for name in names(4) if MODEL_ID.fullmatch(name)]
    assert [name for name in found if not inside(name)] == []
    assert accepted(Commit, 5) == []
