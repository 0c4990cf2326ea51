"""huggingface_hub itself, against a hub on this machine that a test can make lie."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from doesnotexist.cards import Hub, WeightFile
from doesnotexist.downloads.download import fetch
from doesnotexist.downloads.transport import Network
from doesnotexist.errors import DownloadFailed
from doesnotexist.weights import Store

DATA = bytes(i * i % 251 for i in range(300_000))
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SOURCE = Hub(repo="somebody/dogs", revision=COMMIT, path="folder/dogs.pkl")
PATH = f"/somebody/dogs/resolve/{COMMIT}/folder/dogs.pkl"

MakeFile = Callable[..., WeightFile]


def cdn(server: Any) -> str:
    """The same server under another name, where the hub keeps large files."""
    return f"http://localhost:{server.server_port}/cdn/blob"


def hub(server: Any, data: bytes = DATA, location: str = "", **changes: str) -> None:
    """Answers as the hub does for a large file: metadata, and a redirect to where the bytes lie."""
    said = {
        "X_Repo_Commit": COMMIT,
        "X_Linked_Size": str(len(data)),
        "X_Linked_ETag": f'"{hashlib.sha256(data).hexdigest()}"',
        **changes,
    }
    server.answers[PATH] = lambda handler: handler.reply(302, Location=location or cdn(server), **said)
    server.serve("/cdn/blob", data)


@pytest.fixture
def network(network: Network, server: Any) -> Network:
    trusted = {server.origin, f"http://localhost:{server.server_port}"}
    return replace(network, hub_endpoint=server.origin, trusted=frozenset(trusted))


def failed(file: WeightFile, store: Store, network: Network) -> str:
    with pytest.raises(DownloadFailed) as caught:
        fetch(file, store, network)
    assert not store.path(file.sha256).exists()
    return str(caught.value)


def test_a_large_file_comes_from_where_the_hub_points(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    hub(server)

    assert fetch(weight_file(SOURCE), store, network).read_bytes() == DATA
    assert [(method, path) for method, path, _ in server.seen] == [("HEAD", PATH), ("GET", "/cdn/blob")]


def test_a_small_file_comes_from_the_hub_itself(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    def answer(handler: Any) -> None:
        handler.reply(200, DATA, X_Repo_Commit=COMMIT, ETag=f'"{"ab" * 20}"')

    server.answers[PATH] = answer

    assert fetch(weight_file(SOURCE), store, network).read_bytes() == DATA


@pytest.mark.parametrize("kind", ["dataset", "space"])
def test_a_dataset_or_space_has_its_own_path(
    server: Any, network: Network, store: Store, weight_file: MakeFile, kind: str
) -> None:
    source = SOURCE.model_copy(update={"kind": kind})
    server.answers[f"/{kind}s{PATH}"] = lambda handler: handler.reply(200, DATA, X_Repo_Commit=COMMIT)

    assert fetch(weight_file(source), store, network).read_bytes() == DATA


@pytest.mark.parametrize(
    ("lie", "word"),
    [
        ({"X_Repo_Commit": "f" * 40}, f"expected commit {COMMIT}, the hub says {'f' * 40}"),
        ({"X_Linked_Size": "7"}, f"expected size {len(DATA)}, the hub says 7"),
        ({"X_Linked_ETag": f'"{"ab" * 32}"'}, f"the hub says {'ab' * 32}"),
    ],
)
def test_what_the_hub_says_is_held_against_the_card_before_a_byte_is_fetched(
    server: Any, network: Network, store: Store, weight_file: MakeFile, lie: dict[str, str], word: str
) -> None:
    hub(server, **lie)

    assert word in failed(weight_file(SOURCE), store, network)
    assert [method for method, _, _ in server.seen] == ["HEAD"]


def test_other_bytes_than_the_hub_promised_are_refused(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    hub(server)
    server.serve("/cdn/blob", DATA[::-1])

    assert "expected sha256" in failed(weight_file(SOURCE), store, network)


@pytest.mark.parametrize(
    ("status", "headers", "word", "times"),
    [
        (404, {"X_Error_Code": "RepoNotFound"}, "RepositoryNotFoundError", 1),
        (404, {"X_Error_Code": "RevisionNotFound"}, "RevisionNotFoundError", 1),
        (404, {"X_Error_Code": "EntryNotFound"}, "EntryNotFoundError", 1),
        (403, {"X_Error_Code": "GatedRepo"}, "gated: accept its terms", 1),
        (503, {}, "503", 3),
    ],
)
def test_the_hubs_own_errors_are_told(
    server: Any,
    network: Network,
    store: Store,
    weight_file: MakeFile,
    status: int,
    headers: dict[str, str],
    word: str,
    times: int,
) -> None:
    server.answers[PATH] = lambda handler: handler.reply(status, **headers)

    assert word in failed(weight_file(SOURCE), store, network)
    assert len(server.seen) == times


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:9", "http://example.com", "https://127.0.0.1:9", "https://localhost", "ftp://x"],
)
def test_an_endpoint_that_is_not_public_https_is_refused(
    server: Any, network: Network, store: Store, weight_file: MakeFile, endpoint: str
) -> None:
    message = failed(weight_file(SOURCE), store, replace(network, hub_endpoint=endpoint))

    assert "expected https" in message or "expected a public address" in message


def test_the_hub_cannot_lead_into_a_private_network(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    hub(server, location=f"http://127.0.0.2:{server.server_port}/cdn/blob")

    assert "expected https" in failed(weight_file(SOURCE), store, network)
    assert [method for method, _, _ in server.seen] == ["HEAD"]


def test_the_token_goes_to_the_hub_and_nowhere_else(
    server: Any, network: Network, store: Store, weight_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub(server)

    fetch(weight_file(SOURCE), store, network)

    assert [headers.get("authorization") for _, _, headers in server.seen] == ["Bearer hf_secret", None]


def test_a_mirror_is_asked_when_the_hub_is_away(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/mirror")

    assert fetch(weight_file(SOURCE, "/mirror"), store, network).read_bytes() == DATA


def test_a_mirror_is_asked_when_the_hub_has_no_name_here(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    """A machine behind a wall knows its mirror's name, and not the hub's."""
    server.serve("/mirror")
    lost = replace(network, hub_endpoint="https://no-such-host.invalid")

    assert fetch(weight_file(SOURCE, "/mirror"), store, lost).read_bytes() == DATA
    assert "no-such-host.invalid' is not known here" in failed(
        weight_file(SOURCE), Store(store.root / "b"), lost
    )


def test_the_hubs_own_offline_switch_is_told_at_once(
    server: Any, network: Network, store: Store, weight_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    assert "HF_HUB_OFFLINE is set" in failed(weight_file(SOURCE), store, network)
