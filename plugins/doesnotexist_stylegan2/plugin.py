"""What this package adds to the command line: `doesnotexist convert` and `doesnotexist train stylegan2`."""

from __future__ import annotations

import click

from doesnotexist import hookimpl

from .convert.command import convert_command
from .train.command import stylegan2_command


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the converter, and the trainer to the group `train`."""
    cli.add_command(convert_command)
    train = cli.commands["train"]
    if isinstance(train, click.Group):
        train.add_command(stylegan2_command)
