"""`doesnotexist pull MODEL…`: what it would do, what must be agreed to, and the bars while it does it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ..cards import ModelCard, WeightFile
from ..downloads.acceptances import Acceptances
from ..downloads.pins import Pins
from ..downloads.pull import Plan, ProgressOf, chosen, free_bytes, plan, pull
from ..errors import DiskFull, LicenceNotAccepted
from ..weights import Store

if TYPE_CHECKING:
    from ..session import Session
    from ..zoo import Zoo


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
    from ..downloads.transport import Network

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
    needed, free = sum(one.room for one in plans), free_bytes(store.root)
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
