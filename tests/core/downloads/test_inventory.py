"""The store says what lies in it, finds rot, and gives room back without taking what is needed."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from doesnotexist.cards import Licence, Mirror, ModelCard, WeightFile
from doesnotexist.commands.cache import cache_group
from doesnotexist.downloads.conversions import convert
from doesnotexist.downloads.inventory import look
from doesnotexist.errors import UnknownModel, WeightsError
from doesnotexist.registry import Registry
from doesnotexist.weights import Store

FREE = Licence(code="MIT", weights="MIT", data="CC0", commercial=True, attribution="nobody")
A, B = b"the weights of a" * 100, b"the pickle of b" * 100


def card(id: str, data: bytes, format: str = "safetensors") -> ModelCard:
    file = WeightFile(
        name="x",
        format=format,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        sources=(Mirror(url="https://example.com/x"),),
    )
    names = {"id": id, "domain": id.partition("/")[0], "architecture": "stylegan2", "resolution": 64}
    texts = {"title": "t", "credit": "c", "data": "d", "limits": "l"}
    return ModelCard(**names, **texts, files=(file,), licence=FREE)


PLAIN, PICKLE, TWIN = card("dogs/a", A), card("dogs/b", B, "bimodal"), card("cats/a", A)
CARDS = (PLAIN, PICKLE)


def put(store: Store, data: bytes, suffix: str = "", days: float = 0) -> Path:
    path = store.place(hashlib.sha256(data).hexdigest())
    path = path.with_name(path.name + suffix)
    path.write_bytes(data)
    os.utime(path, (time.time() - days * 86_400,) * 2)
    return path


@pytest.fixture
def full(store: Store) -> Store:
    """A plain file, a converted one, and one of every kind of left-over."""
    put(store, A)
    put(store, B)
    convert(PICKLE.files[0], store, {"bimodal": lambda source, target: target.write_bytes(b"made of b")})
    put(store, b"half", ".part", days=2)
    put(store, b"half a minute ago", ".part")
    put(store, b"rotten", ".wrong")
    put(store, b"nobody's")
    return store


Run = Callable[..., Result]


@pytest.fixture
def run(store: Store) -> Run:
    def _run(*args: str, cards: tuple[ModelCard, ...] = CARDS) -> Result:
        zoo = SimpleNamespace(store=store, registry=Registry(cards))
        return CliRunner().invoke(cache_group, args, obj=SimpleNamespace(zoo=zoo))

    return _run


def kinds(store: Store, cards: tuple[ModelCard, ...] = CARDS) -> list[str]:
    return sorted(item.kind for item in look(store, cards))


def test_everything_has_a_kind_and_an_owner(full: Store) -> None:
    owners = {item.kind: item.models for item in look(full, CARDS)}

    assert kinds(full) == ["converted", "part", "part", "source", "unknown", "weights", "wrong"]
    assert owners["weights"] == ("dogs/a",)
    assert owners["source"] == owners["converted"] == ("dogs/b",)
    assert owners["unknown"] == ()


def test_an_empty_store(store: Store, run: Run) -> None:
    assert look(store, CARDS) == []
    assert json.loads(run("ls", "--json").output) == []
    assert run("verify").output == "0 files, all whole\n"


def test_prune_takes_what_was_given_up_or_is_wrong(full: Store, run: Run) -> None:
    assert "would be freed" in run("prune", "--dry-run").output
    assert len(kinds(full)) == 7
    assert "were freed" in run("prune").output
    assert kinds(full) == ["converted", "part", "source", "unknown", "weights"]


def test_prune_takes_more_when_asked(full: Store, run: Run) -> None:
    run("prune", "--sources", "--unknown")

    assert kinds(full) == ["converted", "part", "weights"]
    assert full.status(PICKLE) == full.status(PLAIN) == "cached"


def test_a_source_that_is_not_converted_stays(store: Store, run: Run) -> None:
    put(store, B)
    run("prune", "--sources")

    assert kinds(store) == ["source"]


def test_rm_takes_a_model_and_the_record_of_its_conversion(full: Store, run: Run) -> None:
    run("rm", "dogs/b")

    assert full.status(PICKLE) == "remote"
    assert full.converted(PICKLE.digest) is None
    assert full.status(PLAIN) == "cached"
    assert isinstance(run("rm", "dogs/c").exception, UnknownModel)


def test_rm_leaves_what_another_model_needs(full: Store, run: Run) -> None:
    run("rm", "dogs/a", cards=(*CARDS, TWIN))
    assert full.status(PLAIN) == "cached"
    run("rm", "dogs/a", "cats/a", cards=(*CARDS, TWIN))
    assert full.status(PLAIN) == "remote"


def test_verify_finds_rot(full: Store, run: Run) -> None:
    assert run("verify").output == "4 files, all whole\n"
    full.path(PLAIN.digest).write_bytes(A[:-1] + b"?")

    result = run("verify", "--json")

    assert isinstance(result.exception, WeightsError)
    assert "dogs/a: expected sha256" in str(result.exception)
    assert [row["wrong"] is None for row in json.loads(result.output)].count(False) == 1
    assert full.status(PLAIN) == "remote"


def test_a_link_is_wrong_whatever_it_points_to(full: Store, run: Run, tmp_path: Path) -> None:
    path = full.path(PLAIN.digest)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    assert "symbolic link" in str(run("verify").exception)


def test_a_thousand_changed_bytes_are_all_found(store: Store) -> None:
    from doesnotexist.errors import WeightsMismatch, WeightsMissing

    for place in range(1000):
        changed = bytearray(A)
        changed[place] ^= 1 + place % 255
        store.place(PLAIN.digest).write_bytes(changed)
        with pytest.raises(WeightsMismatch):
            store.read(PLAIN)
        with pytest.raises(WeightsMissing):
            store.read(PLAIN)


def test_the_list_is_a_line_for_each_file(full: Store, run: Run) -> None:
    lines = run("ls").output.splitlines()

    assert len(lines) == 7
    assert any("weights" in line and "dogs/a" in line for line in lines)
    assert len(json.loads(run("ls", "--json").output)) == 7
