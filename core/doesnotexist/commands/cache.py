"""`doesnotexist cache`: what was downloaded, whether it is whole, and making room."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ..downloads.inventory import Item, look, of_models, remove, spare, verify
from ..errors import WeightsError

if TYPE_CHECKING:
    from ..session import Session

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only show what would be removed.")


@click.group("cache", help="Downloaded models: list, check, and remove them.")
def cache_group() -> None:
    """See the help above; click shows that one."""


@cache_group.command("ls")
@as_json_option
@click.pass_obj
def list_command(session: Session, as_json: bool) -> None:
    """List the files of the store."""
    _print(_look(session), as_json)


@cache_group.command("verify")
@as_json_option
@click.pass_obj
def verify_command(session: Session, as_json: bool) -> None:
    """Read every file again and compare it with its sha256; put wrong ones aside."""
    results = list(verify(session.zoo.store, _look(session)))
    if as_json:
        rows = [{**_row(item), "wrong": str(error) if error else None} for item, error in results]
        click.echo(json.dumps(rows, indent=2))
    wrong = [str(error) for _, error in results if error]
    if wrong:
        raise WeightsError("; ".join(wrong))
    if not as_json:
        click.echo(f"{len(results)} files, all whole")


@cache_group.command("prune")
@click.option("--sources", is_flag=True, help="Also files that have been converted since.")
@click.option("--unknown", is_flag=True, help="Also files that no model of the registry names.")
@dry_run_option
@as_json_option
@click.pass_obj
def prune_command(session: Session, sources: bool, unknown: bool, dry_run: bool, as_json: bool) -> None:
    """Remove downloads that were given up a day ago, and files that were found wrong."""
    _remove(session, spare(_look(session), sources=sources, unknown=unknown), dry_run, as_json)


@cache_group.command("rm")
@click.argument("models", nargs=-1, required=True, metavar="MODEL…")
@dry_run_option
@as_json_option
@click.pass_obj
def remove_command(session: Session, models: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Remove the files of models; what another model needs too stays."""
    names = [session.zoo.registry.card(model).id for model in models]
    _remove(session, of_models(_look(session), names), dry_run, as_json)


def _look(session: Session) -> list[Item]:
    return look(session.zoo.store, session.zoo.registry.cards())


def _remove(session: Session, items: Sequence[Item], dry_run: bool, as_json: bool) -> None:
    _print(items, as_json)
    freed = sum(item.size for item in items) if dry_run else remove(session.zoo.store, items)
    if not as_json:
        click.echo(f"{freed / 1e6:.1f} MB {'would be' if dry_run else 'were'} freed")


def _print(items: Sequence[Item], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_row(item) for item in items], indent=2))
        return
    for item in items:
        whose = ", ".join(item.models) or "no model"
        click.echo(f"{item.path.name[:12]}  {item.size / 1e6:8.1f} MB  {item.kind:9}  {whose}")


def _row(item: Item) -> dict[str, Any]:
    return {**asdict(item), "path": str(item.path), "models": list(item.models), "age_s": round(item.age_s)}
