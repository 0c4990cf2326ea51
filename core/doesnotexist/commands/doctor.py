"""`doesnotexist doctor`: what is here, what is missing, and the command that mends it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import click

from ..downloads.history import History
from ..errors import CredentialsInvalid, DoesNotExistError, RolledBack, UnknownModel, WeightsError

if TYPE_CHECKING:
    from ..downloads.further_registries import Further
    from ..session import Session
    from ..zoo import Zoo

LEAST_FREE = 1_000_000_000  # bytes; a converted network of 1024 px and its source need half of it


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` says how to mend what is not well."""

    what: str
    well: bool
    found: str
    advice: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def doctor_command(session: Session, as_json: bool) -> None:
    """Look at python, torch, the plugins, the registry, the store and the models."""
    findings = list(examine(session))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            mark = "ok " if finding.well else "NOT"
            advice = f" -> {finding.advice}" if finding.advice else ""
            click.echo(f"{mark}  {finding.what:22} {finding.found}{advice}")
    sick = [finding.what for finding in findings if not finding.well]
    if sick:
        raise DoesNotExistError(f"not well: {', '.join(sick)}")


def examine(session: Session) -> Iterator[Finding]:
    """Everything worth knowing when something does not work."""
    yield _python()
    yield _package("torch", "pip install doesnotexist")
    yield _package("rdkit", "pip install doesnotexist")
    try:
        zoo = session.zoo
    except DoesNotExistError as error:
        yield Finding("registry", False, str(error), "mend the file, or the setting that names it")
        return
    yield Finding("registry", True, f"{len(zoo.registry.cards())} models")
    yield from (_further(one) for one in zoo.further)
    yield _device(zoo.settings.device)
    yield from [Finding(*finding) for finding in zoo.plugins.findings()]
    yield from _plugins(zoo)
    yield from _store(zoo)
    yield _credentials(zoo)
    yield from (_model(zoo, domain) for domain in zoo.plugins.generators)
    yield from _rolled_back(zoo)


def _python() -> Finding:
    well = (3, 11) <= sys.version_info[:2] <= (3, 13)
    advice = "" if well else "use Python 3.11, 3.12 or 3.13"
    return Finding("python", well, f"{platform.python_version()} on {platform.system()}", advice)


def _package(name: str, advice: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, "not installed", advice)


def _further(registry: Further) -> Finding:
    advice = "mend it, or take it out of DOESNOTEXIST_REGISTRIES" if registry.fault else ""
    found = registry.fault or f"{registry.place}, {len(registry.cards)} models"
    return Finding("registry of yours", not registry.fault, found, advice)


def _device(wanted: str) -> Finding:
    from ..engine.loading import cores, find_device

    try:
        found = ", ".join(find_device(one) for one in wanted.split(","))
    except DoesNotExistError as error:
        return Finding("device", False, str(error), "unset DOESNOTEXIST_DEVICE")
    return Finding("device", True, f"{found}, {cores()} cores")


def _plugins(zoo: Zoo) -> Iterator[Finding]:
    for state in zoo.plugins.states:
        well = state.state in ("ready", "disabled")
        advice = "" if well else f"pip install -U {state.distribution}, or uninstall it"
        found = f"{state.state}: {state.reason}" if state.reason else state.state
        yield Finding(f"plugin {state.name}", well, found, advice)


def _store(zoo: Zoo) -> Iterator[Finding]:
    root = zoo.store.root
    exists = root.is_dir()
    private = not exists or os.name == "nt" or not stat.S_IMODE(root.stat().st_mode) & 0o077
    found = str(root) if exists else f"{root} (made when something is pulled)"
    yield Finding("store", private, found, "" if private else f"chmod 700 {root}")
    above = next(folder for folder in (root, *root.absolute().parents) if folder.exists())
    if not os.access(above, os.W_OK):
        yield Finding("store is writable", False, f"{above} is not", "set DOESNOTEXIST_STORE")
    free = shutil.disk_usage(above).free
    advice = "" if free >= LEAST_FREE else "doesnotexist cache prune --sources"
    yield Finding("free space", free >= LEAST_FREE, f"{free / 1e9:.1f} GB", advice)


def _rolled_back(zoo: Zoo) -> Iterator[Finding]:
    """The models of which the registry names older weights than were here before."""
    history = History(zoo.store.root)
    for card in zoo.registry.cards():
        try:
            history.check(card)
        except RolledBack as error:
            yield Finding(f"model {card.id}", False, str(error), "ask whoever gave you that registry")


def _credentials(zoo: Zoo) -> Finding:
    """Whether Content Credentials are signed, by whom, and who else could read the key."""
    from ..provenance.certificates import KEY
    from ..provenance.credentials import installed

    what, folder = "content credentials", zoo.settings.credentials
    if folder is None:
        return Finding(what, True, "off; doesnotexist provenance init makes what signs them")
    if not installed():
        return Finding(what, False, "off: c2pa is not installed", "pip install 'doesnotexist[provenance]'")
    try:
        signer = zoo.signer
    except CredentialsInvalid as error:
        return Finding(what, False, str(error))
    key = folder / KEY
    if os.name != "nt" and stat.S_IMODE(key.stat().st_mode) & 0o077:
        return Finding(what, False, f"others can read {key}", f"chmod 600 {key}")
    return Finding(what, True, f"signed by {signer.name} until {signer.expires}" if signer else "off")


def _model(zoo: Zoo, domain: str) -> Finding:
    """The model that a domain uses, read and checked to the last byte."""
    try:
        card = zoo.card(domain)
    except UnknownModel:
        return Finding(f"model of {domain}", False, "none in the registry", "add a row for one")
    try:
        zoo.store.read(card)
    except WeightsError as error:
        return Finding(f"model of {domain}", False, str(error), f"doesnotexist pull {card.id}")
    return Finding(f"model of {domain}", True, f"{card.id}, {zoo.store.status(card)}")
