"""`doesnotexist inspect FILE`: what a file says of itself, and what of that is true."""

from __future__ import annotations

import json
import sys
from typing import IO, TYPE_CHECKING

import click

from ..errors import InvalidParameter

if TYPE_CHECKING:
    from ..inspection.report import Report
    from ..session import Session

EXIT = {"valid": 0, "broken": 1, "unknown": 4}  # 2 and 3 are wrong usage and failure, as everywhere


@click.command("inspect")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--trust", type=click.File("r"), help="Certificates (PEM) of authorities whose signers you trust."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def inspect_command(session: Session, file: IO[bytes], trust: IO[str] | None, as_json: bool) -> None:
    """Read the marks of FILE, make its sample again if its model is here, and compare.

    Ends with 0 if it is what it says, 1 if something is broken, 4 if nobody can know; `-` reads the
    standard input.
    """
    from ..inspection.verdicts import MAX_BYTES, inspect

    authorities = trust.read(MAX_BYTES) if trust else ""
    if trust and "-----BEGIN CERTIFICATE-----" not in authorities:
        raise InvalidParameter("trust", "certificates in PEM", trust.name)
    report = inspect(file.read(MAX_BYTES + 1), session.zoo, authorities)
    if as_json:
        click.echo(json.dumps(report.as_data(), indent=2, ensure_ascii=False))
    else:
        _tell(file.name, report)
    sys.exit(EXIT[report.verdict])


def _tell(name: str, report: Report) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(f"{name}: {report.verdict}", "bold"))
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in report.summary():
        table.add_row(label, Text(text))  # Text: what a stranger wrote is no markup
    for finding in report.findings:
        table.add_row(finding.verdict, Text(finding.told))
    console.print(table)
