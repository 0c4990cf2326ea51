"""Registries besides the built-in one: a file of the user's, or an https address with its digest.

    registry.yaml
    https://example.com/registry.yaml#sha256=1f0c9d2a…

A registry decides what is fetched and believed, so its own bytes are pinned as weights are.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from pathlib import Path

from .errors import RegistryInvalid, SourceFailed
from .registry_yaml import MAX_BYTES
from .transport import Address, Network, open_address
from .weights import Store

_PINNED = re.compile(r"(?P<url>https://[^\s#]+)#sha256=(?P<sha256>[0-9a-f]{64})")


def local_registry(place: str, store: Store, network: Network | None) -> Path:
    """The path of a registry file; one at an address is fetched once and kept in the store.

    Raises RegistryInvalid if the address has no digest, cannot be reached (`network` None is
    offline), or gives other bytes.
    """
    pinned = _PINNED.fullmatch(place)
    if not pinned:
        if "://" in place:
            raise RegistryInvalid(place, "expected https://…#sha256= and 64 letters 0-9a-f")
        return Path(place)
    path = store.path(pinned["sha256"])
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != pinned["sha256"]:
        if network is None:
            raise RegistryInvalid(pinned["url"], "not here, and offline")
        _keep(_fetched(pinned["url"], pinned["sha256"], network), store.place(pinned["sha256"]))
    return path


def _fetched(url: str, sha256: str, network: Network) -> bytes:
    deadline = time.monotonic() + network.patience_s
    data = b""
    try:
        with open_address(Address(url), {"Accept-Encoding": "identity"}, network, deadline) as answer:
            while len(data) <= MAX_BYTES and (piece := answer.read(MAX_BYTES)):
                data += piece
    except SourceFailed as error:
        raise RegistryInvalid(url, error.reason) from None
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise RegistryInvalid(url, f"expected sha256 {sha256}, found {found}")
    return data


def _keep(data: bytes, path: Path) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
