"""The hooks a plugin may implement: the whole contract, on one page.

A plugin is a module named in the entry-point group `doesnotexist`:

    [project.entry-points.doesnotexist]
    dogs = "doesnotexist_dogs"

Import heavy libraries inside functions: the module is imported even for `doesnotexist --help`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click
    import flask

    from .generator import Generator

hookspec = pluggy.HookspecMarker("doesnotexist")
hookimpl = pluggy.HookimplMarker("doesnotexist")


@hookspec
def register_generators(register: Callable[[Generator], None]) -> None:
    """Call `register(MyGenerator())` for each domain this plugin serves."""


@hookspec
def register_registries(register: Callable[[Path], None]) -> None:
    """Call `register(path)` for each registry file with model cards of this plugin's own."""


@hookspec
def register_converters(register: Callable[[str, Callable[[Path, Path], object]], None]) -> None:
    """Call `register(format, convert)` for each foreign format of weight files this plugin can read.

    `convert(source, target)` writes safetensors at `target` or raises a WeightsError; it must never run
    what the file says.
    """


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands to the command line, for instance with `cli.add_command(command)`."""


@hookspec
def register_findings(register: Callable[[str, bool, str, str], None]) -> None:
    """Call `register(what, well, found, advice)` for each thing that `doesnotexist doctor` should tell.

    `advice` says how to mend what is not well, or is empty.
    """


@hookspec
def register_routes(app: flask.Flask) -> None:
    """Add routes to the site when it starts."""
