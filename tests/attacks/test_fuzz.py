"""Every reader of strangers' words against damaged ones: read, or refused with an error of ours.

The reader of weights and the server of HTTP have theirs in `test_weights.py` and `test_raw_http.py`.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from urllib.parse import parse_qsl

import pytest

from doesnotexist.errors import (
    DoesNotExistError,
    HostForeign,
    HostMalformed,
    InvalidParameter,
    RegistryInvalid,
)
from doesnotexist.generator import check_params
from doesnotexist.recipe import Recipe, parse_text
from doesnotexist.registry import find_registry, parse_registry
from doesnotexist_chemicals.params import ChemicalParams
from doesnotexist_stylegan2.convert.checkpoint import convert_bytes
from doesnotexist_web.asking.hosts import Hosts

from ..core import test_registry_fuzz as registries
from ..plugins.stylegan2_convert import test_fuzz as checkpoints
from .fuzzing import KEPT, fuzz, keeping

HOSTS = Hosts("zoo.test", own={"this-cat.test": "cats"})
RECIPE = "faces/starter-64@1f1f1f1f1f1f?seed=7&bold=true&psi=0.7&mix_layers=0-3"
ODD = [
    "%00", "%", "%zz", "&", "&&", "=", "?", "@", "..", "/", "\\", "\0", "\n", "é", "\u212a", "\ud800", "٣",
    "9" * 400, "-", "+", "1e999", "nan", "_", ":", ":8000", ".", "[", "]", "[::1]", "seed=8", "temperature=",
    "localhost", "zoo.test", "a" * 70, "true", "None", " ",
]  # fmt: skip


def letters(*whole: str) -> Callable[[Random], bytes]:
    """Mutations of texts: letters changed, cut, doubled, and odd ones put between."""

    def mutated(chance: Random) -> bytes:
        text = list(chance.choice(whole))
        for _ in range(chance.randint(0, 5)):
            at, more = chance.randrange(len(text) + 1), chance.randint(0, 6)
            match chance.randrange(4):
                case 0:
                    text[at:at] = chance.choice(ODD)
                case 1:
                    del text[at : at + more]
                case 2:
                    text[at:at] = text[at : at + more]
                case _:
                    text[at : at + 1] = chr(chance.choice([*range(0x100), 0x2024, 0xFF0E]))
        return "".join(text).encode("utf-8", "surrogatepass")

    return mutated


def registry(chance: Random) -> bytes:
    rows = find_registry().read_bytes().split(b"\n  - id:")
    return registries.mutated(b"\n  - id:".join((rows[0], rows[1], rows[-1])), chance)


def read_checkpoint(data: bytes) -> None:
    with contextlib.suppress(DoesNotExistError):
        convert_bytes(memoryview(data))


def read_registry(data: bytes) -> None:
    with contextlib.suppress(RegistryInvalid):
        parse_registry(data, "r.yaml")


def read_recipe(data: bytes) -> None:
    """What is taken is the same when it is written and read again."""
    with contextlib.suppress(InvalidParameter):
        model, digest, seed, params = parse_text(data.decode("utf-8", "surrogatepass"))
        if digest:
            again = Recipe(model, digest.ljust(64, "0"), seed, params)
            assert parse_text(str(again)) == (model, digest[:12], seed, params)


def read_host(data: bytes) -> None:
    """What is taken is a plain name of ours, and the same when it is read again."""
    with contextlib.suppress(HostMalformed, HostForeign):
        site = HOSTS.resolve(data.decode("latin-1"))
        assert site == HOSTS.resolve(site.host)
        assert site.host.isascii()
        assert site.host.partition(":")[0].endswith(
            ("zoo.test", "localhost", "this-cat.test", "127.0.0.1", "[")
        )


def read_molecule(data: bytes) -> None:
    """What is taken is in its bounds, and can be written in a recipe."""
    with contextlib.suppress(InvalidParameter):
        pairs = dict(parse_qsl(data.decode("utf-8", "surrogatepass"), keep_blank_values=True))
        params = check_params(ChemicalParams, pairs)
        assert 0.5 <= float(params["temperature"]) <= 1.5
        json.dumps(params, allow_nan=False)
        _, _, _, text = parse_text(str(Recipe("chemicals/moses-gpt", "1f" * 32, 7, params)))
        assert check_params(ChemicalParams, text) == params


FUZZERS = {
    "checkpoint": (checkpoints.mutated, read_checkpoint),
    "registry": (registry, read_registry),
    "recipe": (letters(RECIPE, RECIPE.partition("?")[0]), read_recipe),
    "host": (letters("cats.zoo.test:8000", "ZOO.test.", "this-cat.test", "[::1]:80", "127.0.0.1"), read_host),
    "molecule": (
        letters("temperature=1.1&relative=7", "toward=4294967295&step=0.5&style=print"),
        read_molecule,
    ),
}


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FUZZERS)
def test_damaged_words_are_read_or_refused(name: str, count: int) -> None:
    fuzz(name, *FUZZERS[name], count)


@pytest.mark.parametrize("path", sorted(KEPT.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_once_broke_something_does_not_again(path: Path) -> None:
    started = time.process_time()
    FUZZERS[path.parent.name][1](path.read_bytes())
    assert time.process_time() - started < 5


def test_what_breaks_something_is_kept_and_told(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught, keeping("host", 7, b"broken", tmp_path / "kept"):
        1 / 0  # noqa: B018
    (kept,) = (tmp_path / "kept" / "host").iterdir()

    assert kept.read_bytes() == b"broken"
    assert caught.value.__notes__ == [f"host: seed 7, kept as kept/host/{kept.name}"]
