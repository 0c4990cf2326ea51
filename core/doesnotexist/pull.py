"""`doesnotexist pull MODEL…`: bring models to this machine, checked, converted, their licences accepted."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .acceptances import Acceptances
from .cards import ModelCard, WeightFile
from .errors import (
    DiskFull,
    LicenceNotAccepted,
    ModelGone,
    UnknownModel,
    Unverified,
    WeightsMismatch,
    WeightsMissing,
)
from .history import History
from .pins import Pins
from .recipe import parse_reference
from .weights import Status, Store, read_verified

if TYPE_CHECKING:
    from .cli import Session
    from .conversions import Converter
    from .registry import Registry
    from .transport import Network
    from .zoo import Zoo

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
        free=_free(store.root),
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
    from .downloads import fetch, is_right
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
    from .downloads import is_right

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


@click.command("pull")
@click.argument("models", nargs=-1, required=True, metavar="MODEL…")
@click.option("--dry-run", is_flag=True, help="Only show what would be fetched, and the licences.")
@click.option("--offline", is_flag=True, help="Fetch nothing; check and convert what is here.")
@click.option("--accept-licence", is_flag=True, help="Accept the licences of these models, once for all.")
@click.option("--allow-unverified", is_flag=True, help="Fetch files that nobody has described; pin them.")
@click.option(
    "--allow-rollback", is_flag=True, help="Fetch weights that are older than those that were here."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def pull_command(
    session: Session,
    models: tuple[str, ...],
    dry_run: bool,
    offline: bool,
    accept_licence: bool,
    allow_unverified: bool,
    allow_rollback: bool,
    as_json: bool,
) -> None:
    """Fetch models, check them to the bit, and make them ready to run.

    MODEL is an id such as faces/ffhq-1024, or a domain for its default model.
    """
    zoo = session.zoo
    cards = [Pins(zoo.store.root).apply(card) for card in chosen(zoo.registry, models)]
    plans = [plan(card, zoo.store) for card in cards]
    if not as_json:
        for one in plans:
            _show(one)
    if not dry_run:
        _check_room(zoo.store, plans)
        for card in cards:
            _ask(card, zoo.store, accept_licence, offline)
        allowed = {"allow_unverified": allow_unverified, "allow_rollback": allow_rollback}
        _pull_all(zoo, cards, offline, quiet=as_json, **allowed)
        plans = [plan(Pins(zoo.store.root).apply(card), zoo.store) for card in cards]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in plans], indent=2, ensure_ascii=False))
    elif not dry_run:
        for one in plans:
            click.echo(f"{one.model}: {one.status}")


def _pull_all(zoo: Zoo, cards: Sequence[ModelCard], offline: bool, quiet: bool, **allowed: bool) -> None:
    from .transport import Network

    converters = zoo.plugins.converters
    with _bars(quiet) as progress:
        for card in cards:
            pull(card, zoo.store, None if offline else Network(), converters, progress, **allowed)


def _ask(card: ModelCard, store: Store, accept: bool, offline: bool) -> None:
    """Have the licence accepted, by the option or by the user at the terminal."""
    acceptances = Acceptances(store.root)
    if offline or store.status(card) != "remote" or not acceptances.needed(card):
        return
    if not accept and sys.stdin.isatty():
        accept = click.confirm(f"Accept the licence of {card.id}?", err=True)
    if not accept:
        raise LicenceNotAccepted(card.id, card.licence.weights)
    acceptances.accept(card)


def _check_room(store: Store, plans: Sequence[Plan]) -> None:
    needed, free = sum(one.room for one in plans), _free(store.root)
    if needed > free:
        raise DiskFull(str(store.root), needed, free)


def _show(one: Plan) -> None:
    licence = one.licence
    click.echo(f"{one.model}: {one.status}, {one.size / 1e6:.1f} MB", nl=False)
    click.echo(
        f", {one.to_fetch / 1e6:.1f} MB to fetch, {one.free / 1e9:.1f} GB free" if one.to_fetch else ""
    )
    for part in ("code", "weights", "data"):
        click.echo(f"  {part:8}{licence[part]}")
    use = "commercial use allowed" if one.commercial else "non-commercial use only"
    click.echo(f"  use     {use}{'; to be accepted once' if one.acceptance_needed else ''}")


@contextmanager
def _bars(quiet: bool) -> Iterator[ProgressOf]:
    """Progress bars with speed and time left, on a terminal only."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    text = TextColumn("{task.description}", markup=False)
    with Progress(text, *columns, console=console, disable=quiet or not console.is_terminal) as bars:

        def of(card: ModelCard, file: WeightFile) -> Callable[[int], None]:
            task = bars.add_task(f"{card.id} {file.name}", total=file.size)
            return lambda done: bars.update(task, completed=done)

        yield of


def _missing(file: WeightFile, store: Store) -> int:
    here = store.path(file.sha256)
    found = here if here.exists() else here.with_name(f"{here.name}.part")
    return max(0, file.size - (found.stat().st_size if found.exists() else 0))


def _free(root: Path) -> int:
    """Bytes free where the store is, or will be."""
    return shutil.disk_usage(next(one for one in (root, *root.absolute().parents) if one.exists())).free
