"""The commands for authors and owners of plugins. What they need is imported when they run."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..testing import Finding
    from .installation import Plan

CHECK_S = 600  # for the promises of one plugin: a large network takes its time on a CPU
MARKS = {"kept": ("✓", "green"), "broken": ("✗", "red"), "skipped": ("–", "yellow")}


@click.command()
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["stylegan2", "pixels", "molecule", "custom"]),
    default="stylegan2",
    show_default=True,
    help="What it starts from.",
)
@click.option("--noun", help="One of what it makes; guessed from the name.")
@click.option("--title", help="The name of its site; This Noun Does Not Exist.")
@click.option(
    "--weights",
    type=click.Path(exists=True, path_type=Path),
    help="A training run, whose generator.safetensors comes along.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The new folder; doesnotexist-NAME.")
def new(
    name: str, kind: str, noun: str | None, title: str | None, weights: Path | None, out: Path | None
) -> None:
    """Write a complete plugin package for a domain NAME, such as dogs."""
    from .scaffold import Names, create

    names = Names.of(name, noun, title)
    folder = create(names, kind, out or Path(names.distribution), weights)
    place = folder if folder.is_absolute() else f"./{folder}"  # never to be taken for a package's name
    click.echo(
        f"{folder}: {names.title}\n\n"
        f"  try it        doesnotexist check {place}\n"
        f"  install it    doesnotexist install {place}\n"
        f"  see it        doesnotexist serve, then http://{names.domain}.localhost:8000"
    )


@click.command()
@click.argument("plugins", nargs=-1)
@click.option("--import-s", default=0.2, show_default=True, help="Seconds that its import may take.")
@click.option("--sample-s", default=10.0, show_default=True, help="Seconds that a sample may take.")
@click.option("--memory-mb", default=4096, show_default=True, help="Memory that sampling may take.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(
    session: Any, plugins: tuple[str, ...], import_s: float, sample_s: float, memory_mb: int, as_json: bool
) -> None:
    """Check that PLUGINS keep the promises of the contract; all that are installed if none is named.

    A plugin is named by its entry point, its package, its domain, or as ./FOLDER, installed or not.
    """
    from ..testing import Budget
    from .checking import findings

    budget = Budget(import_s=import_s, sample_s=sample_s, memory_bytes=memory_mb * 2**20)
    zoo = session.zoo
    names = plugins or tuple(s.name for s in zoo.plugins.states if s.state != "disabled")
    broken = 0
    for name in names:
        skipped: set[tuple[str, str]] = set()
        for owner, finding in findings(zoo, name, budget):
            broken += finding.verdict == "broken"
            if as_json:
                click.echo(json.dumps({"plugin": owner, **asdict(finding)}))
            elif finding.verdict != "skipped" or (owner, finding.reason) not in skipped:
                click.echo(_line(owner, finding))  # one reason to skip ten checks is told once
            if finding.verdict == "skipped":
                skipped.add((owner, finding.reason))
    if broken:
        click.echo(f"doesnotexist: {broken} broken {'promise' if broken == 1 else 'promises'}", err=True)
        raise SystemExit(3)


yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
offline_option = click.option("--offline", is_flag=True, help="Ask no package index.")


@click.command()
@click.argument("packages", nargs=-1, required=True)
@click.option("--as-typed", is_flag=True, help="A name that looks like a slip is meant as it is.")
@click.option("--no-check", is_flag=True, help="Do not try the promises of the contract afterwards.")
@yes_option
@offline_option
@click.pass_obj
def install(
    session: Any, packages: tuple[str, ...], as_typed: bool, no_check: bool, yes: bool, offline: bool
) -> None:
    """Install plugins: NAME, NAME==VERSION, ./FOLDER or FILE.whl.

    Shows first what would be installed, with sizes, licences and domains, and asks. A plugin that the
    zoo cannot use is removed again; one that breaks a promise of the contract stays, and is told. A
    plugin is a program: it can do what you can do. Install those of people you trust.
    """
    from . import installation
    from .installers import find_installer
    from .record import Record

    installer = find_installer(offline)
    done = installation.install(
        packages, session.zoo, installer, Record(), lambda plan: _agreed(plan, yes), as_typed
    )
    for wheel in done:
        domains = ", ".join(wheel.domains or wheel.plugins)
        click.echo(f"installed {wheel.name} {wheel.version}: {domains}")
        if not no_check:
            _tell_promises(wheel.name)


@click.command()
@click.argument("plugins", nargs=-1, required=True)
@yes_option
def uninstall(plugins: tuple[str, ...], yes: bool) -> None:
    """Remove PLUGINS; what else was installed with them stays."""
    from . import installation
    from .installers import find_installer
    from .record import Record

    def ask(names: list[str]) -> bool:
        return yes or _confirmed(f"Remove {', '.join(names)}?")

    for name in installation.uninstall(plugins, find_installer(), Record(), ask):
        click.echo(f"removed {name}")


@click.command()
@offline_option
def sync(offline: bool) -> None:
    """Put all recorded plugins back, as after an upgrade or in a new environment."""
    from . import installation
    from .installers import find_installer
    from .record import Record

    done = installation.sync(find_installer(offline), Record())
    click.echo("\n".join(f"installed {name}" for name in done) or "every recorded plugin is here")


COMMANDS: tuple[click.Command, ...] = (new, check, install, uninstall, sync)


def _tell_promises(plugin: str) -> None:
    """Have the conformance kit look at a plugin that is now installed, and tell what it found."""
    from ..errors import InstallRefused
    from .fresh import findings

    try:
        found = findings(plugin, CHECK_S)
    except InstallRefused as error:
        click.echo(f"doesnotexist: {error}", err=True)
        return
    for one in (one for one in found if one["verdict"] == "broken"):
        click.echo(f"  breaks a promise: {one['check']}: {one['reason']}", err=True)
    kept = sum(one["verdict"] == "kept" for one in found)
    skipped = sum(one["verdict"] == "skipped" for one in found)
    click.echo(f"  {kept} of {len(found)} promises kept, {skipped} not tried")


def _agreed(plan: Plan, yes: bool) -> bool:
    for line in plan.lines():
        click.echo(line)
    return yes or _confirmed("Install?")


def _confirmed(question: str) -> bool:
    """The answer of a person; where there is none to ask, the command ends with what to do."""
    from ..errors import InvalidParameter

    if not sys.stdin.isatty():
        raise InvalidParameter("yes", "a terminal to ask on, or --yes", "neither")
    return click.confirm(question)


def _line(owner: str, finding: Finding) -> str:
    mark, colour = MARKS[finding.verdict]
    told = finding.reason or finding.promise
    return f"{click.style(mark, fg=colour)} {owner}: {finding.check:28} {told}"
