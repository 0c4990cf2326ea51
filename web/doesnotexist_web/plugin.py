"""The web room as a plugin: it adds `serve` to the command line, and imports no Flask to do so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doesnotexist.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add `serve`."""
    from .server.commands import serve

    cli.add_command(serve)
