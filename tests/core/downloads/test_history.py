"""A registry may go forward, never back: what was fetched is remembered (rollback, as TUF calls it)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from doesnotexist.cards import Licence, ModelCard, WeightFile
from doesnotexist.downloads.history import History
from doesnotexist.downloads.pull import pull
from doesnotexist.downloads.transport import Network
from doesnotexist.errors import RolledBack
from doesnotexist.weights import Store

MakeFile = Callable[..., WeightFile]
OLD, NEW = b"the weights that were withdrawn", b"the weights that took their place"


def card(file: WeightFile, version: int = 1) -> ModelCard:
    names = {"id": "dogs/a", "domain": "dogs", "architecture": "stylegan2", "resolution": 64}
    texts = {"title": "t", "credit": "c", "data": "d", "limits": "l"}
    free = Licence(code="MIT", weights="MIT", data="CC0", commercial=True, attribution="nobody")
    return ModelCard(**names, **texts, files=(file,), licence=free, version=version)


@pytest.fixture
def old(server: Any, weight_file: MakeFile) -> WeightFile:
    server.serve("/old", OLD)
    return weight_file("/old", data=OLD)


@pytest.fixture
def new(server: Any, weight_file: MakeFile) -> WeightFile:
    server.serve("/new", NEW)
    return weight_file("/new", data=NEW)


def test_forward_is_free(old: WeightFile, new: WeightFile, network: Network, store: Store) -> None:
    pull(card(old), store, network, {})
    pull(card(old), store, network, {})
    pull(card(new, version=2), store, network, {})

    assert store.read(card(new, version=2)) == {"weights": NEW}


def test_back_is_refused_before_a_byte_is_fetched(
    old: WeightFile, new: WeightFile, server: Any, network: Network, store: Store
) -> None:
    pull(card(new, version=2), store, network, {})
    before = list(server.seen)

    with pytest.raises(RolledBack, match=r"expected version 2 or later, found version 1.*--allow-rollback"):
        pull(card(old), store, network, {})
    assert server.seen == before


def test_back_is_refused_even_if_the_old_weights_are_still_here(
    old: WeightFile, new: WeightFile, network: Network, store: Store
) -> None:
    pull(card(old), store, network, {})
    pull(card(new, version=2), store, network, {})

    with pytest.raises(RolledBack):
        pull(card(old), store, network, {})


def test_other_weights_under_the_same_version_are_refused(
    old: WeightFile, new: WeightFile, server: Any, network: Network, store: Store
) -> None:
    pull(card(old), store, network, {})
    before = list(server.seen)

    with pytest.raises(RolledBack, match="expected the weights of version 1"):
        pull(card(new), store, network, {})
    assert server.seen == before
    assert store.read(card(old)) == {"weights": OLD}, "what is here stays under its own digest"


def test_whoever_means_it_may(old: WeightFile, new: WeightFile, network: Network, store: Store) -> None:
    pull(card(new, version=2), store, network, {})
    pull(card(old), store, network, {}, allow_rollback=True)

    assert store.read(card(old)) == {"weights": OLD}
    pull(card(old), store, network, {})


@pytest.mark.parametrize("text", ["", "[]", '{"dogs/a": 1}', "\0"])
def test_a_record_that_makes_no_sense_is_none(
    old: WeightFile, network: Network, store: Store, text: str
) -> None:
    pull(card(old), store, network, {})
    (store.root / "history.json").write_text(text)

    History(store.root).check(card(old))


def test_a_row_of_unknown_digest_is_no_rollback(
    server: Any, weight_file: MakeFile, network: Network, store: Store
) -> None:
    """Its pin is what holds it."""
    server.serve("/a", OLD)
    unseen = card(weight_file("/a", data=OLD, sha256="", unverified="not published"))
    pull(unseen, store, network, {}, allow_unverified=True)

    History(store.root).check(unseen)
