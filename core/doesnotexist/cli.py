"""The command line: `doesnotexist models`, `domains`, `plugins`, `generate`, and what plugins add.

Exit codes: 0 done; 2 wrong usage; 3 refused or failed, with the reason in one line. `inspect` has
two more: 1 for a file that is not what it says, 4 for one of which nobody can know.
"""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import click

from .author.commands import COMMANDS
from .commands.cache import cache_group
from .commands.doctor import doctor_command
from .commands.generate import GenerateGroup
from .commands.golden import golden_command
from .commands.inspect import inspect_command
from .commands.models import models_command
from .commands.provenance import provenance_group
from .commands.pull import pull_command
from .commands.registries import registries_command
from .errors import DoesNotExistError
from .session import Session
from .tables import print_json, print_table
from .zoo import Zoo


class ZooGroup(click.Group):
    """The root command; plugins add theirs before a command is looked up or listed."""

    def _zoo(self, context: click.Context) -> Zoo:
        session: Session = context.ensure_object(Session)
        if "zoo" not in session.__dict__:
            context.call_on_close(session.close)
            session.zoo.plugins.register_commands(self)
        return session.zoo

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        self._zoo(context)
        return super().get_command(context, name)

    def list_commands(self, context: click.Context) -> list[str]:
        self._zoo(context)
        return super().list_commands(context)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            left_out = [s.name for s in self._zoo(context).plugins.states if s.state == "disabled"]
            if not left_out:
                raise
            hint = f"DOESNOTEXIST_PLUGINS leaves out {', '.join(left_out)}: one of them may bring it."
            raise click.UsageError(f"{error.message} {hint}", context) from error


def _be_strict(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    """Set it for every zoo of this process, and for the processes that it starts."""
    if value:
        os.environ["DOESNOTEXIST_STRICT"] = "true"


@click.group(
    cls=ZooGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--strict",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_be_strict,
    help="A plugin that cannot be used is fatal, not only marked.",
)
@click.version_option(package_name="doesnotexist", message="%(package)s %(version)s")
def cli() -> None:
    """Things that do not exist: generate them, list the models that imagine them, serve them."""


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@cli.command()
@as_json_option
@click.pass_obj
def domains(session: Session, as_json: bool) -> None:
    """List the domains and the model that serves each."""
    zoo = session.zoo
    rows: list[dict[str, Any]] = [
        {
            "domain": generator.domain,
            "title": generator.title,
            "noun": generator.noun,
            "formats": [*generator.formats, "json"],
            "model": zoo.card(domain).id if zoo.registry.cards(domain) else None,
        }
        for domain, generator in zoo.plugins.generators.items()
    ]
    if as_json:
        print_json(rows)
    else:
        table = [(row["domain"], row["title"], row["model"] or "no model") for row in rows]
        print_table(("domain", "title", "model"), table)


@cli.command()
@as_json_option
@click.pass_obj
def plugins(session: Session, as_json: bool) -> None:
    """List the plugins, the broken ones with the reason."""
    states = session.zoo.plugins.states
    if as_json:
        print_json([{**vars(state), "domains": list(state.domains)} for state in states])
        return
    table = [
        (s.name, f"{s.distribution} {s.version}", s.state, s.reason or ", ".join(s.domains) or "–")
        for s in states
    ]
    print_table(("plugin", "distribution", "state", "domains or reason"), table)


cli.add_command(GenerateGroup())
cli.add_command(inspect_command)
cli.add_command(provenance_group)
for command in (
    models_command,
    registries_command,
    pull_command,
    cache_group,
    doctor_command,
    golden_command,
    *COMMANDS,
):
    cli.add_command(command)
cli.add_command(click.Group("train", help="Train a model of your own; plugins add what they can."))


def main() -> NoReturn:
    """The `doesnotexist` command; every failure ends in one line, never in a stack trace."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except DoesNotExistError as error:
        sys.exit(_told(str(error), error.exit_code))
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has seen enough: no message, as cat does
        sys.exit(0)
    except OSError as error:
        sys.exit(_told(f"{error.filename or 'file'}: {error.strerror or error}", 3))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(_told("interrupted", 130))
    sys.exit(0)


def _told(reason: str, exit_code: int) -> int:
    click.echo(f"doesnotexist: {reason}", err=True)
    return exit_code
