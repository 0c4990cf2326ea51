"""Registries besides the built-in one and those of plugins: the user's files, and pinned addresses.

    mine.yaml
    https://example.com/registry.yaml#sha256=1f0c9d2a…

A registry decides what is fetched and believed, so the bytes of one from elsewhere are pinned as
weights are: fetched when the user says so, kept in the store, and checked whenever they are read.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..cards import ModelCard
from ..errors import RegistryInvalid, SourceFailed
from ..registry import parse_registry, read_registry
from ..registry_yaml import MAX_BYTES
from ..weights import write_whole

if TYPE_CHECKING:
    from .transport import Network

_PINNED = re.compile(r"(?P<url>https://[^\s#,]+)#sha256=(?P<sha256>[0-9a-f]{64})")

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Further:
    """One more registry: its cards, or why none of them is used."""

    place: str
    cards: tuple[ModelCard, ...] = ()
    fault: str = ""


def read_further(places: str | None, taken: Iterable[ModelCard], root: Path) -> tuple[Further, ...]:
    """What each of `places`, with commas between them, brings; no id may be among those `taken`.

    `root` is the folder of the store. Nothing is fetched, and nothing is raised: a registry that
    cannot be used costs its own models.
    """
    ids = {card.id for card in taken}
    found = []
    for place in filter(None, (one.strip() for one in (places or "").split(","))):
        try:
            cards = _read(place, root)
            _refuse_taken(place, cards, ids)
        except RegistryInvalid as error:
            log.warning("registry is not used: %s", error)
            found.append(Further(place, fault=str(error)))
        else:
            ids |= {card.id for card in cards}
            found.append(Further(place, cards))
    return tuple(found)


def fetch_further(places: str | None, root: Path, network: Network) -> Iterator[str]:
    """Bring those of `places` that are addresses into the store, unless they are there; names each.

    Raises RegistryInvalid for one that cannot be reached, or gives other bytes than it is pinned to.
    """
    for pinned in _PINNED.finditer(places or ""):
        path = _kept(root, pinned["sha256"])
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != pinned["sha256"]:
            write_whole(root, path, _fetched(pinned["url"], pinned["sha256"], network))
            yield pinned["url"]


def _read(place: str, root: Path) -> tuple[ModelCard, ...]:
    pinned = _PINNED.fullmatch(place)
    if not pinned:
        if "://" in place:
            raise RegistryInvalid(place, "expected https://…#sha256= and 64 letters 0-9a-f")
        return read_registry(Path(place).expanduser())
    try:
        raw = _kept(root, pinned["sha256"]).read_bytes()
    except OSError:
        advice = "not on this machine yet; fetch it with: doesnotexist registries --fetch"
        raise RegistryInvalid(pinned["url"], advice) from None
    _check(pinned["url"], raw, pinned["sha256"])
    return parse_registry(raw, pinned["url"])


def _refuse_taken(place: str, cards: tuple[ModelCard, ...], ids: set[str]) -> None:
    twice = next((card.id for card in cards if card.id in ids), None)
    if twice:
        raise RegistryInvalid(place, f"another registry has a model {twice}; rename this one")


def _kept(root: Path, sha256: str) -> Path:
    return root / "registries" / f"{sha256}.yaml"


def _fetched(url: str, sha256: str, network: Network) -> bytes:
    from .transport import Address, open_address

    deadline = time.monotonic() + network.patience_s
    data = b""
    try:
        with open_address(Address(url), {"Accept-Encoding": "identity"}, network, deadline) as answer:
            while len(data) <= MAX_BYTES and (piece := answer.read(MAX_BYTES)):
                data += piece
    except SourceFailed as error:
        raise RegistryInvalid(url, error.reason) from None
    _check(url, data, sha256)
    return data


def _check(url: str, raw: bytes, sha256: str) -> None:
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        raise RegistryInvalid(
            url, f"expected sha256 {sha256}, found {found}; to fetch it anew: registries --fetch"
        )
