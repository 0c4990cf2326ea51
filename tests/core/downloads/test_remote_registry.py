"""A registry from elsewhere is pinned by its digest, fetched once, and never trusted further."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from doesnotexist.errors import RegistryInvalid
from doesnotexist.registry import read_registry
from doesnotexist.remote_registry import local_registry
from doesnotexist.transport import Network
from doesnotexist.weights import Store

RAW = b"format: 1\nmodels: []\n"
DIGEST = hashlib.sha256(RAW).hexdigest()


def test_a_path_is_a_path(store: Store) -> None:
    assert local_registry("mine/registry.yaml", store, None) == Path("mine/registry.yaml")


@pytest.mark.parametrize(
    "place",
    [
        "https://example.com/r.yaml",
        f"http://example.com/r.yaml#sha256={DIGEST}",
        f"file:///r.yaml#sha256={DIGEST}",
        f"https://example.com/r.yaml#sha256={DIGEST[:-1]}",
        f"https://example.com/r.yaml#md5={DIGEST}",
    ],
)
def test_an_address_needs_https_and_a_digest(store: Store, place: str) -> None:
    with pytest.raises(RegistryInvalid, match="expected https"):
        local_registry(place, store, Network())


def test_an_address_in_a_private_network_is_not_asked(store: Store) -> None:
    with pytest.raises(RegistryInvalid, match="expected a public address"):
        local_registry(f"https://127.0.0.1/r.yaml#sha256={DIGEST}", store, Network())


def test_once_here_it_is_read_offline(store: Store) -> None:
    place = f"https://example.com/r.yaml#sha256={DIGEST}"
    with pytest.raises(RegistryInvalid, match="offline"):
        local_registry(place, store, None)
    store.place(DIGEST).write_bytes(RAW)

    assert read_registry(local_registry(place, store, None)) == ()


def test_a_rotten_copy_is_not_used(store: Store) -> None:
    store.place(DIGEST).write_bytes(RAW + b"#")

    with pytest.raises(RegistryInvalid, match="offline"):
        local_registry(f"https://example.com/r.yaml#sha256={DIGEST}", store, None)


@pytest.mark.parametrize(("body", "right"), [(RAW, True), (RAW + b"#", False), (b"#" * 5_000_000, False)])
def test_the_bytes_must_be_those_of_the_digest(
    server: Any, network: Network, store: Store, monkeypatch: pytest.MonkeyPatch, body: bytes, right: bool
) -> None:
    """The rule asks for https, which this server does not speak: its address is put in its place."""
    from doesnotexist import remote_registry

    server.answers["/r.yaml"] = lambda handler: handler.reply(200, body)
    monkeypatch.setattr(remote_registry, "Address", lambda url: remote_registry_address(url, server.origin))

    place = f"https://example.com/r.yaml#sha256={DIGEST}"
    if right:
        assert local_registry(place, store, network).read_bytes() == RAW
        local_registry(place, store, network)
        assert len(server.seen) == 1
    else:
        with pytest.raises(RegistryInvalid, match=f"expected sha256 {DIGEST}"):
            local_registry(place, store, network)
        assert not store.path(DIGEST).exists()


def remote_registry_address(url: str, origin: str) -> Any:
    from doesnotexist.transport import Address

    return Address(url.replace("https://example.com", origin))
