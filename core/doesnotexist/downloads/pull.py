"""Bringing models to this machine: checked, converted, their licences accepted."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..cards import ModelCard, WeightFile
from ..errors import (
    LicenceNotAccepted,
    ModelGone,
    UnknownModel,
    Unverified,
    WeightsMismatch,
    WeightsMissing,
)
from ..recipe import parse_reference
from ..weights import Status, Store, read_verified
from .acceptances import Acceptances
from .history import History
from .pins import Pins

if TYPE_CHECKING:
    from ..registry import Registry
    from .conversions import Converter
    from .transport import Network

ProgressOf = Callable[[ModelCard, WeightFile], Callable[[int], None]]


@dataclass(frozen=True)
class Plan:
    """What a pull of one model would do; `to_fetch`, `room` and `free` are bytes."""

    model: str
    status: Status
    size: int
    to_fetch: int
    room: int  # what is to be fetched, and what will be converted
    free: int
    commercial: bool
    acceptance_needed: bool
    licence: Mapping[str, object]
    unverified: str  # why it cannot be checked; empty if it can
    sources: tuple[str, ...]


def chosen(registry: Registry, names: Sequence[str]) -> list[ModelCard]:
    """The cards of ids (`faces/ffhq-1024`) or domains (`faces`: its default model), each once.

    Raises UnknownModel, ModelGone, InvalidParameter.
    """
    found: dict[str, ModelCard] = {}
    for name in names:
        if "/" in name:
            id, digest = parse_reference(name)
            card = registry.card(id)
            if not card.digest.startswith(digest):
                raise ModelGone(id, digest, card.digest)
        else:
            cards = sorted(registry.cards(name), key=lambda card: not card.default)
            if not cards:
                raise UnknownModel(name, (card.id for card in registry.cards()))
            card = cards[0]
        found[card.id] = card
    return list(found.values())


def plan(card: ModelCard, store: Store) -> Plan:
    """What is here of a model, what is missing, and what must be agreed to."""
    missing = [(file, _missing(file, store)) for file in card.files if store.find(file) is None]
    to_fetch = sum(size for _, size in missing)
    # nothing that was converted so far came out larger than it went in
    to_convert = sum(file.size for file, _ in missing if file.format != "safetensors")
    return Plan(
        model=card.id,
        status=store.status(card),
        size=card.size,
        to_fetch=to_fetch,
        room=to_fetch + to_convert,
        free=free_bytes(store.root),
        commercial=card.licence.commercial,
        acceptance_needed=Acceptances(store.root).needed(card),
        licence=card.licence.model_dump(),
        unverified="; ".join(file.unverified for file in card.files if file.unverified),
        sources=tuple(str(source) for file in card.files for source in file.sources),
    )


def pull(
    card: ModelCard,
    store: Store,
    network: Network | None,
    converters: Mapping[str, Converter],
    progress: ProgressOf | None = None,
    allow_unverified: bool = False,
    allow_rollback: bool = False,
) -> None:
    """Bring the files of one model here, and convert them; `network` is None when offline.

    What is here already is checked to the bit. A file that nobody has described is fetched only if
    `allow_unverified`, and pinned; an older model than was here only if `allow_rollback`. Raises
    WeightsMissing, LicenceNotAccepted, WeightsError.
    """
    from .conversions import convert, converter_of
    from .download import fetch, is_right
    from .first_sight import first_sight

    history = History(store.root)
    if not allow_rollback:
        history.check(card)
    for file in card.files:
        report = progress(card, file) if progress else None
        if file.unverified:
            if not allow_unverified:
                raise Unverified(card.id, file.unverified)
            file = first_sight(file, store, _allowed(card, file, store, network), report)
        if _is_here(file, store):
            continue
        if file.format != "safetensors":
            converter_of(file, converters)  # known before a byte is fetched for nothing
        if not is_right(store.path(file.sha256), file, store):
            fetch(file, store, _allowed(card, file, store, network), report)
        if file.format != "safetensors":
            convert(file, store, converters)
    card = Pins(store.root).apply(card)
    if store.status(card) == "cached":
        history.add(card)


def _is_here(file: WeightFile, store: Store) -> bool:
    """Whether the file can run now, to the last bit; wrong bytes in the store are put aside."""
    from .download import is_right

    place, runnable = store.find(file), store.runnable(file)
    if place is None or runnable is None:
        return False
    if place.is_relative_to(store.root):
        return is_right(place, runnable, store)
    try:
        return bool(read_verified(place, runnable, follow=True))
    except WeightsMismatch:
        return False


def _allowed(card: ModelCard, file: WeightFile, store: Store, network: Network | None) -> Network:
    """The network, if there is one and the licence has been accepted."""
    if network is None:
        raise WeightsMissing(card.id, file.name, "--offline was given: nothing was asked for")
    if Acceptances(store.root).needed(card):
        raise LicenceNotAccepted(card.id, card.licence.weights)
    return network


def _missing(file: WeightFile, store: Store) -> int:
    here = store.path(file.sha256)
    found = here if here.exists() else here.with_name(f"{here.name}.part")
    return max(0, file.size - (found.stat().st_size if found.exists() else 0))


def free_bytes(root: Path) -> int:
    """Bytes free where the store is, or will be."""
    return shutil.disk_usage(next(one for one in (root, *root.absolute().parents) if one.exists())).free
