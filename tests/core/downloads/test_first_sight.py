"""A file that nobody has described is fetched on demand, and what came first must come ever after."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doesnotexist.cards import Hub, Licence, ModelCard, WeightFile
from doesnotexist.downloads.first_sight import MAX_SIZE, first_sight
from doesnotexist.downloads.pins import Pins
from doesnotexist.downloads.pull import pull
from doesnotexist.downloads.transport import Network
from doesnotexist.errors import DownloadFailed, Unverified
from doesnotexist.weights import Store

DATA = bytes(i * i % 251 for i in range(300_000))
DIGEST = hashlib.sha256(DATA).hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"

MakeFile = Callable[..., WeightFile]


@pytest.fixture
def unseen(weight_file: MakeFile) -> MakeFile:
    def make(*sources: str | Hub, **known: Any) -> WeightFile:
        return weight_file(*sources, **{"size": 0, "sha256": "", "unverified": "nobody has said", **known})

    return make


def card(file: WeightFile) -> ModelCard:
    names = {"id": "dogs/a", "domain": "dogs", "architecture": "stylegan2", "resolution": 64}
    texts = {"title": "t", "credit": "c", "data": "d", "limits": "l"}
    free = Licence(code="MIT", weights="MIT", data="CC0", commercial=True, attribution="nobody")
    return ModelCard(**names, **texts, files=(file,), licence=free)


@pytest.mark.parametrize("known", [{}, {"size": len(DATA)}, {"sha256": DIGEST}])
def test_what_comes_is_pinned(
    server: Any, network: Network, store: Store, unseen: MakeFile, known: dict[str, Any]
) -> None:
    server.serve("/a")

    seen = first_sight(unseen("/a", **known), store, network)

    assert (seen.size, seen.sha256, seen.unverified) == (len(DATA), DIGEST, None)
    assert store.path(DIGEST).read_bytes() == DATA


def test_a_pinned_model_is_as_any_other(
    server: Any, network: Network, store: Store, unseen: MakeFile
) -> None:
    server.serve("/a")
    dogs = card(unseen("/a"))
    with pytest.raises(Unverified, match=r"nobody has said.*--allow-unverified"):
        pull(dogs, store, network, {})
    pull(dogs, store, network, {}, allow_unverified=True)

    pinned = Pins(store.root).apply(dogs)

    assert (pinned.digest, pinned.unverified, store.status(pinned)) == (DIGEST, False, "cached")
    assert store.read(pinned) == {"weights": DATA}
    assert store.status(dogs) == "remote"


def test_after_the_pin_other_bytes_are_refused(
    server: Any, network: Network, store: Store, unseen: MakeFile
) -> None:
    server.serve("/a")
    file = unseen("/a")
    first_sight(file, store, network)
    store.path(DIGEST).unlink()
    server.serve("/a", DATA[::-1])

    with pytest.raises(DownloadFailed, match=f"expected sha256 {DIGEST}"):
        pull(Pins(store.root).apply(card(file)), store, network, {})


def test_what_the_row_says_must_be_right(
    server: Any, network: Network, store: Store, unseen: MakeFile
) -> None:
    server.serve("/a")

    with pytest.raises(DownloadFailed, match=f"expected sha256 {'ab' * 32}"):
        first_sight(unseen("/a", sha256="ab" * 32), store, network)
    with pytest.raises(DownloadFailed, match="expected size 7"):
        first_sight(unseen("/a", size=7), store, network)


def test_a_hub_that_states_the_sha256_is_held_to_it(
    server: Any, network: Network, store: Store, unseen: MakeFile
) -> None:
    source = Hub(repo="somebody/dogs", revision=COMMIT, path="dogs.pkl")
    said = {"X_Repo_Commit": COMMIT, "X_Linked_Size": str(len(DATA)), "X_Linked_ETag": f'"{DIGEST}"'}
    path = f"/somebody/dogs/resolve/{COMMIT}/dogs.pkl"
    server.answers[path] = lambda handler: handler.reply(200, DATA[::-1], **said)
    hub = replace(network, hub_endpoint=server.origin)

    with pytest.raises(DownloadFailed, match=f"expected sha256 {DIGEST}"):
        first_sight(unseen(source), store, hub)
    server.answers[path] = lambda handler: handler.reply(200, DATA, **said)
    assert first_sight(unseen(source), store, hub).sha256 == DIGEST


@pytest.mark.parametrize("length", ["", "0", "-1", "1_0", "٣", "9" * 30, str(MAX_SIZE + 1)])
def test_without_a_length_of_reason_nothing_is_fetched(
    server: Any, network: Network, store: Store, unseen: MakeFile, length: str
) -> None:
    server.answers["/a"] = lambda handler: handler.reply(
        200, b"", Content_Length=length.encode().decode("latin1")
    )

    with pytest.raises(DownloadFailed):
        first_sight(unseen("/a"), store, network)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_a_row_that_changes_is_not_pinned(store: Store, unseen: MakeFile) -> None:
    pins = Pins(store.root)
    pins.add(unseen("/a"), len(DATA), DIGEST)

    assert pins.apply(card(unseen("/a"))).digest == DIGEST
    assert pins.apply(card(unseen("/b"))).digest == ""


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"name": "x", "size": -1}', "\0"])
def test_a_pin_that_makes_no_sense_is_none(store: Store, unseen: MakeFile, text: str) -> None:
    pins = Pins(store.root)
    pins.add(unseen("/a"), len(DATA), DIGEST)
    (path,) = Path(store.root / "pins").iterdir()
    path.write_text(text)

    assert pins.apply(card(unseen("/a"))).digest == ""
