"""`doesnotexist check`: which plugins a name means, and what became of each promise."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from ..errors import InvalidParameter, PluginBroken
from ..plugins import GROUP, PluginState
from ..testing import DOMAIN_CHECKS, PLUGIN_CHECKS, Budget, Finding, Guest, Subject, examine
from ..zoo import Zoo


def findings(zoo: Zoo, plugin: str, budget: Budget) -> Iterator[tuple[str, Finding]]:
    """Domain (or plugin) and finding of each check, as it is done.

    `plugin` is the name of an entry point, a distribution, a domain, or a folder with a pyproject.toml
    that need not be installed. Raises InvalidParameter for anything else.
    """
    guests = _of_folder(plugin, budget) if _is_path(plugin) else _of_name(zoo, plugin, budget)
    for name, guest in guests:
        if isinstance(guest, Finding):
            yield name, guest
            continue
        for finding in examine(guest, DOMAIN_CHECKS if isinstance(guest, Subject) else PLUGIN_CHECKS):
            yield name, finding


def _of_name(zoo: Zoo, name: str, budget: Budget) -> Iterator[tuple[str, Guest | Finding]]:
    states = [s for s in zoo.plugins.states if name in (s.name, s.distribution, *s.domains)]
    if not states:
        known = ", ".join(state.name for state in zoo.plugins.states)
        raise InvalidParameter("plugin", f"an installed one ({known}), or ./ and a folder", name)
    for state in states:
        if state.state != "ready":
            yield state.name, Finding("is ready", "The runtime can use it.", "broken", _reason(state))
        value = _entry_value(state)
        yield state.name, Guest(value, budget)
        for domain in state.domains:
            generator = zoo.plugins.generators.get(domain)
            if generator is not None and state.state in ("ready", "conflict"):
                cards = zoo.registry.cards(domain)
                yield domain, Subject.with_card(Guest(value, budget), generator, cards, zoo.store)


def _of_folder(path: str, budget: Budget) -> Iterator[tuple[str, Guest | Finding]]:
    folder = Path(path)
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        entries: dict[str, str] = project["entry-points"][GROUP]
    except (KeyError, tomllib.TOMLDecodeError) as error:
        raise InvalidParameter(
            "plugin", f"a pyproject.toml with entry points of {GROUP}", str(error)
        ) from None
    sys.path[:0] = [str(folder.resolve()), str((folder / "src").resolve())]
    for name, value in entries.items():
        yield name, Guest(value, budget)
        try:
            subjects = Subject.all_of(value, budget)
        except (Exception, SystemExit) as error:  # the plugin wall: an import may raise anything
            reason = f"{type(error).__name__}: {error}"
            yield name, Finding("is ready", "The runtime can use it.", "broken", reason)
            continue
        yield from ((subject.generator.domain, subject) for subject in subjects)


def _is_path(text: str) -> bool:
    return Path(text).is_dir() and ("/" in text or "\\" in text or text.startswith("."))


def _entry_value(state: PluginState) -> str:
    """What the entry point of a plugin names: `doesnotexist_dogs`."""
    for entry in entry_points(group=GROUP):
        if entry.dist and entry.dist.name == state.distribution and entry.name == state.name.split(" ")[0]:
            return entry.value
    raise PluginBroken(state.name, "it has no entry point; install it, or give ./ and its folder")


def _reason(state: PluginState) -> str:
    where = f" ({state.file})" if state.file else ""
    return f"{state.state}: {state.reason}{where}"
