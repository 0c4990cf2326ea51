"""`doesnotexist models`: what could be run here; with --check, whether its sources still answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ..errors import DoesNotExistError
from ..tables import print_json, print_table

if TYPE_CHECKING:
    from ..cards import ModelCard
    from ..catalogue import Listing
    from ..downloads.source_check import SourceReport
    from ..session import Session
    from ..zoo import Zoo


LICENCE = 21  # letters of a licence's name in the table, which must fit 80


@click.command("models")
@click.option("--domain", help="Only the models of this domain.")
@click.option("--check", is_flag=True, help="Ask every source whether it has the file, of the right size.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def models_command(session: Session, domain: str | None, check: bool, as_json: bool) -> None:
    """List the models: bundled, cached, or remote (to be downloaded)."""
    listings = session.zoo.models(domain)
    if check:
        _check([listing.card for listing in listings], as_json)
    elif as_json:
        print_json([_row(session.zoo, listing) for listing in listings])
    else:
        rows = [_row(session.zoo, listing) for listing in listings]
        heads = ("model", "side", "size", "licence", "status")
        print_table(heads, [_cells(row) for row in rows], right=(1, 2))
        _tell_apart(rows)


def _row(zoo: Zoo, listing: Listing) -> dict[str, Any]:
    card = listing.card
    return {
        "id": card.id,
        "domain": card.domain,
        "architecture": card.architecture,
        "resolution": card.resolution,
        "size": card.size or None,  # nobody has published it
        "licence": card.licence.weights,
        "commercial": card.licence.commercial,
        "status": listing.status,
        "plugin": card.domain in zoo.plugins.generators,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["id"] if row["plugin"] else f"{row['id']} *",
        str(row["resolution"] or "–"),
        f"{row['size'] / 1e6:.1f} MB" if row["size"] else "unknown",
        _short(row["licence"]),
        row["status"],
    )


def _short(licence: str) -> str:
    """The name of the weights' licence, without what is said of it: that stands in --json and in `pull`."""
    name = licence.partition(":")[0].partition("(")[0].partition(",")[0].strip()
    return name if len(name) <= LICENCE else f"{name[: LICENCE - 1]}…"


def _tell_apart(rows: Iterable[dict[str, Any]]) -> None:
    """Name the domains that no plugin here serves."""
    without = sorted({row["domain"] for row in rows if not row["plugin"]})
    if without:
        click.echo(f"* no plugin is installed for: {', '.join(without)}", err=True)


def _check(cards: Sequence[ModelCard], as_json: bool) -> None:
    """Ask all sources, tell what each answered; raises DoesNotExistError if one is not as its card says."""
    from ..downloads.source_check import check_sources
    from ..downloads.transport import Network

    reports = list(_watched(check_sources(cards, Network()), cards))
    if as_json:
        print_json([asdict(report) for report in reports])
    else:
        for report in reports:
            found = report.fault or (f"{report.size / 1e6:.1f} MB" if report.size else "answers")
            click.echo(f"{'NOT' if report.fault else 'ok '}  {report.model}  {report.source}\n       {found}")
    wrong = sum(bool(report.fault) for report in reports)
    if wrong:
        raise DoesNotExistError(f"{wrong} of {len(reports)} sources are not as their cards say")
    click.echo(f"all of {len(reports)} sources are as their cards say", err=True)


def _watched(reports: Iterator[SourceReport], cards: Sequence[ModelCard]) -> Iterator[SourceReport]:
    """The same, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    from ..downloads.download import remote_sources

    count = sum(len(remote_sources(file)) for card in cards for file in card.files)
    console = Console(stderr=True)
    yield from track(reports, "asking", count, console=console, disable=not console.is_terminal)
