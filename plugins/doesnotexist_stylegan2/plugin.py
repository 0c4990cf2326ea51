"""What this package adds to the command line: `doesnotexist train stylegan2`."""

from __future__ import annotations

import click

from doesnotexist.hookspecs import hookimpl

from .train.command import stylegan2_command


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the trainer to the group `train`, which is made if no other plugin made it."""
    group = cli.commands.get("train")
    if not isinstance(group, click.Group):
        group = click.Group("train", help="Train a generator on data of your own.")
        cli.add_command(group)
    group.add_command(stylegan2_command)
