"""`doesnotexist registries`: where the model cards come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ..downloads.further_registries import Further, fetch_further
from ..errors import DoesNotExistError
from ..registry import find_registry, read_registry
from ..tables import print_json, print_table
from ..zoo import Zoo

if TYPE_CHECKING:
    from ..session import Session


@dataclass(frozen=True)
class _Row:
    kind: str
    place: str
    models: int
    fault: str = ""


@click.command("registries", short_help="List where the model cards come from.")
@click.option("--fetch", is_flag=True, help="Bring those of DOESNOTEXIST_REGISTRIES that are addresses here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def registries_command(session: Session, fetch: bool, as_json: bool) -> None:
    """List the registries: the built-in one, those of plugins, and yours."""
    rows = list(_rows(session.zoo, fetch))
    if as_json:
        print_json([vars(row) for row in rows])
    else:
        table = [(row.kind, row.place, row.fault or str(row.models)) for row in rows]
        print_table(("registry", "place", "models"), table)
    faults = [row.place for row in rows if row.fault]
    if faults:
        raise DoesNotExistError(f"not used: {', '.join(faults)}")


def _rows(zoo: Zoo, fetch: bool) -> Iterator[_Row]:
    base = zoo.settings.registry or find_registry()
    yield _Row("the zoo's", str(base), len(read_registry(base)))
    for path in zoo.plugins.registries:
        yield _Row("a plugin's", str(path), len(read_registry(path)))
    for one in _fetched(zoo) if fetch else zoo.further:
        yield _Row("yours", one.place, len(one.cards), one.fault)


def _fetched(zoo: Zoo) -> tuple[Further, ...]:
    """The further registries, once those that are addresses have been fetched."""
    from ..downloads.transport import Network

    for url in fetch_further(zoo.settings.registries, zoo.store.root, Network()):
        click.echo(f"fetched {url}", err=True)
    with Zoo(zoo.settings) as fresh:
        return fresh.further
