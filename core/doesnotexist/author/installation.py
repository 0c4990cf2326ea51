"""`install`, `uninstall` and `sync`, told as stories: look, show, ask, install, check, record."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

from ..errors import InstallRefused
from ..plugins import GROUP, OURS
from ..zoo import Zoo
from . import fresh
from .installers import Change, Installer
from .record import Record
from .requests import Request, parse
from .slips import HOST, canonical
from .wheels import Wheel, look

START_S = 60  # for the zoo to start with the new plugins


@dataclass(frozen=True)
class Plan:
    """What an installation would do: the plugins' wheels, and every package that would change."""

    wheels: tuple[Wheel, ...]
    changes: tuple[Change, ...]

    def lines(self) -> Iterator[str]:
        """The plan, for a person who has to say yes or no."""
        for wheel in self.wheels:
            yield f"{wheel.name} {wheel.version}   {wheel.size / 1e6:.1f} MB   licence: {wheel.licence}"
            yield f"    plugins   {', '.join(wheel.plugins)}"
            yield f"    domains   {', '.join(wheel.domains) or 'none named before it runs'}"
            for card in wheel.cards:
                use = "commercial" if card.licence.commercial else "non-commercial"
                size = f"{card.size / 1e6:.1f} MB"
                yield f"    model     {card.id}   {size}   {use}   weights: {card.licence.weights[:60]}"
        ours = {canonical(wheel.name) for wheel in self.wheels}
        others = [change for change in self.changes if canonical(change.name) not in ours]
        for change in others:
            was = f"{change.before} → " if change.before else "new, "
            size = f"   {change.size / 1e6:.1f} MB" if change.size else ""
            licence = change.licence or "not told"
            yield f"with it  {change.name} {was}{change.version}{size}   licence: {licence}"
        if others:
            total = sum(change.size for change in others) / 1e6
            yield f"to fetch {total:.1f} MB, as far as sizes are told"
        if any(change.before for change in others):
            yield "Packages that are here already would change: other plugins may rely on them."


def known_plugins(zoo: Zoo, record: Record) -> set[str]:
    """Names that a slip may have been meant for: plugins of this zoo, and one for each domain of a card."""
    domains = {card.domain for card in zoo.registry.cards()}
    installed = {s.distribution for s in zoo.plugins.states} | {entry.name for entry in record.entries()}
    return {f"{HOST}-{domain}" for domain in domains} | {name for name in installed if name != OURS}


def install(
    texts: Sequence[str],
    zoo: Zoo,
    installer: Installer,
    record: Record,
    show: Callable[[Plan], bool],
    as_typed: bool,
) -> tuple[Wheel, ...]:
    """Install plugins. `show` shows the plan and asks; where it answers no, nothing has happened.

    Raises InstallRefused, InvalidParameter.
    """
    known = known_plugins(zoo, record)
    requests = [parse(text, known, as_typed) for text in texts]
    _refuse_ours(requests, zoo)
    with tempfile.TemporaryDirectory() as folder:
        wheels = tuple(
            look(_wheel(request, installer, Path(folder, str(index))))
            for index, request in enumerate(requests)
        )
        _refuse_taken(wheels, zoo)
        paths = [wheel.path for wheel in wheels]
        plan = Plan(wheels, tuple(installer.changes(paths)))
        if not show(plan):
            return ()
        again = [wheel.path for wheel in wheels if _version(wheel.name) == wheel.version]
        installer.install(paths)  # the very files that were looked at
        if again:
            installer.install(again, again=True)
        _check_or_undo(wheels, installer, record)
        for wheel in wheels:
            record.add(wheel)
    return wheels


def uninstall(
    names: Sequence[str], installer: Installer, record: Record, ask: Callable[[list[str]], bool]
) -> list[str]:
    """Remove plugins by the name of their package, of their entry point, or of their domain's package."""
    found = [_distribution_of(name, record) for name in names]
    if not ask(found):
        return []
    here = [name for name in found if _version(name)]
    if here:
        installer.uninstall(here)
    for name in found:
        record.remove(name)
    return found


def sync(installer: Installer, record: Record) -> list[str]:
    """Install every recorded plugin that is not here, or here in another version; give their names."""
    missing = [entry for entry in record.entries() if _version(entry.name) != entry.version]
    if missing:
        installer.install([record.wheel(entry) for entry in missing])
    return [f"{entry.name} {entry.version}" for entry in missing]


def _refuse_ours(requests: Sequence[Request], zoo: Zoo) -> None:
    """Refuse the name of a package that nobody needs: its domain comes with the zoo."""
    ours = {domain for state in zoo.plugins.states if state.distribution == OURS for domain in state.domains}
    for request in requests:
        domain = canonical(request.text.partition("==")[0]).removeprefix(f"{HOST}-")
        if request.kind == "name" and domain in ours:
            raise InstallRefused(request.text, f"the domain {domain} comes with the zoo itself")


def _wheel(request: Request, installer: Installer, folder: Path) -> Path:
    folder.mkdir()
    return Path(request.text) if request.kind == "wheel" else installer.fetch(request, folder)


def _refuse_taken(wheels: Sequence[Wheel], zoo: Zoo) -> None:
    """Refuse what the runtime would refuse, before anything is installed."""
    for wheel in wheels:
        for state in zoo.plugins.states:
            other = canonical(state.distribution) != canonical(wheel.name)
            shared = set(wheel.plugins) & {state.name, *state.domains}
            if other and shared:
                taken = shared.pop()
                raise InstallRefused(
                    wheel.name, f"{taken!r} is taken by {state.distribution}; remove that first"
                )


def _check_or_undo(wheels: Sequence[Wheel], installer: Installer, record: Record) -> None:
    """Load the new plugins in a new process; where one cannot be used, put things back as they were."""
    names = {canonical(wheel.name): wheel.name for wheel in wheels}
    fault = next(_faults(names), None)
    if fault is None:
        return
    installer.uninstall(list(names.values()))
    before = [entry for entry in record.entries() if canonical(entry.name) in names]
    if before:
        installer.install([record.wheel(entry) for entry in before])
    name, reason = fault
    raise InstallRefused(name, f"{reason}; it was removed again")


def _faults(names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and reason of each plugin among `names` that the zoo cannot use."""
    try:
        found = fresh.states(START_S)
    except InstallRefused as error:  # one that ends the whole process at its import
        yield next(iter(names.values())), error.reason
        return
    for state in found:
        name = names.get(canonical(state["distribution"]))
        if name and state["state"] != "ready":
            where = f" ({state['file']})" if state.get("file") else ""
            yield name, f"{state['state']}: {state['reason']}{where}"


def _distribution_of(name: str, record: Record) -> str:
    for entry in entry_points(group=GROUP):
        dist = entry.dist.name if entry.dist else ""
        if canonical(name) in (canonical(dist), canonical(entry.name)):
            if canonical(dist) == OURS:
                raise InstallRefused(
                    name, "comes with the zoo itself; DOESNOTEXIST_PLUGINS chooses what is loaded"
                )
            return dist
    if any(canonical(entry.name) == canonical(name) for entry in record.entries()):
        return name
    raise InstallRefused(name, "is no plugin that is installed; `doesnotexist plugins` lists them")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
