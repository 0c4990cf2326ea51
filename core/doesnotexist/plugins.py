"""Finding and loading plugins. This file alone knows pluggy.

Built-in plugins come in by the same door as strangers'. Each is loaded in its own try: a broken
one costs its own domain, never the site. A domain has one owner: ours before strangers', and of
two strangers neither.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pluggy

from . import hookspecs
from .cards import ModelCard
from .errors import DomainConflict, PluginBroken, UnknownDomain
from .generator import Generator
from .plugin_faults import State, check_spelling, claimed_twice, fault_of, place, told
from .registry import read_registry

GROUP = "doesnotexist"
OURS = "doesnotexist"  # the distribution whose plugins go first

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())  # silent unless the site sets up logging: commands say it themselves


@dataclass(frozen=True)
class PluginState:
    """What became of one plugin; `reason` is empty for a ready one.

    `file` is the place of an exception, `doesnotexist_dogs/__init__.py:12`.
    """

    name: str
    distribution: str
    version: str
    state: State = "ready"
    reason: str = ""
    domains: tuple[str, ...] = ()
    file: str = ""


class Plugins:
    """The plugins of this environment and the one table of domains.

    `only` names the entry points to load, None for all. `strict` raises PluginBroken for the first
    one that is not ready, where otherwise it would only be marked.
    """

    def __init__(self, only: frozenset[str] | None = None, *, strict: bool = False) -> None:
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._states: dict[str, PluginState] = {}
        self._claims: dict[str, list[tuple[str, Generator]]] = {}
        self._cards: dict[str, tuple[ModelCard, ...]] = {}
        self.registries: list[Path] = []
        self.strict = strict
        for entry in _found():
            self._load(entry, enabled=only is None or entry.name in only)
        self._settle()

    @property
    def states(self) -> tuple[PluginState, ...]:
        """Every plugin that was found, loaded or not."""
        return tuple(self._states.values())

    @property
    def release(self) -> str:
        """A name (12 letters of hex) of the versions of all plugins: a new one may draw otherwise."""
        versions = sorted({f"{state.distribution}=={state.version}" for state in self.states})
        return hashlib.sha256("\n".join(versions).encode()).hexdigest()[:12]

    @property
    def generators(self) -> Mapping[str, Generator]:
        """Domain → generator, ours first, each in the order it was registered."""
        return MappingProxyType(self._generators)

    def generator(self, domain: str) -> Generator:
        """The generator of a domain.

        Raises UnknownDomain, with the reason if a plugin claims the domain but cannot be used.
        """
        if domain not in self._generators:
            reasons = (s.reason for s in self._states.values() if domain in (s.name, *s.domains))
            raise UnknownDomain(domain, self._generators, reason=next(reasons, ""))
        return self._generators[domain]

    def cards(self, base: Iterable[ModelCard]) -> list[ModelCard]:
        """The cards of `base`, then each plugin's own.

        A plugin whose cards cannot stand beside the others is marked, and brings none.
        """
        cards = {card.id: card for card in base}
        for name, own in self._cards.items():
            taken = next((card.id for card in own if card.id in cards), None)
            if taken:
                self._mark(name, "conflict", f"the registry has another model {taken}; rename this one")
            else:
                cards |= {card.id: card for card in own}
        return list(cards.values())

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that is not installed: a module or an object with hook implementations.

        Raises PluginBroken or DomainConflict, and then nothing has changed.
        """
        if name in self._states:
            raise PluginBroken(name, "a plugin of this name is already loaded")
        states, claims = dict(self._states), {d: list(c) for d, c in self._claims.items()}
        cards, registries = dict(self._cards), list(self.registries)
        self._states[name] = PluginState(name, distribution=name, version="")
        self._admit(name, plugin)
        self._settle()
        state = self._states[name]
        if state.state != "ready":
            self._states, self._claims = states, claims
            self._cards, self.registries = cards, registries
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            self._settle()
            raise PluginBroken(name, state.reason)

    @cached_property
    def converters(self) -> Mapping[str, Callable[[Path, Path], object]]:
        """Format of foreign weights → what turns it into safetensors; nobody takes a format of ours."""
        found: dict[str, Callable[[Path, Path], object]] = {}
        self._call_each("register_converters", register=found.setdefault)
        return MappingProxyType(found)

    def register_commands(self, cli: Any) -> None:
        """Let every plugin add commands to the command line."""
        self._call_each("register_commands", cli=cli)

    def findings(self) -> list[tuple[str, bool, str, str]]:
        """What plugins have to say to the doctor: what, whether it is well, what was found, advice."""
        found: list[tuple[str, bool, str, str]] = []

        def register(what: str, well: bool, finding: str, advice: str) -> None:
            found.append((str(what), bool(well), str(finding), str(advice)))

        self._call_each("register_findings", register=register)
        return found

    def register_routes(self, app: Any) -> None:
        """Let every plugin add routes to the site."""
        self._call_each("register_routes", app=app)

    def _load(self, entry: EntryPoint, enabled: bool) -> None:
        distribution, version = _distribution(entry)
        name = entry.name
        if name in self._states:
            # two distributions may use one entry-point name; the longer name keeps both in sight
            name = f"{entry.name} ({distribution})"
        self._states[name] = PluginState(name, distribution, version)
        if not enabled:
            self._states[name] = replace(
                self._states[name], state="disabled", reason="not among the plugins to load"
            )
            return
        try:
            with redirect_stdout(sys.stderr):  # standard output is for what was asked for
                plugin = entry.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # the plugin wall: an import may raise anything
            self._mark(name, "broken", f"import failed: {told(error)}", error)
            return
        self._admit(name, plugin)

    def _admit(self, name: str, plugin: object) -> None:
        """Register the hooks of one plugin and hear what it brings; a fault marks it broken."""
        generators: list[Generator] = []
        registries: list[Path] = []
        try:
            self._manager.register(plugin, name)
            check_spelling(plugin)
        except Exception as error:  # the plugin wall: looking at an object may run its code
            self._mark(name, "broken", told(error), error)
            return
        self._call(name, "register_generators", register=generators.append)
        self._call(name, "register_registries", register=registries.append)
        if self._states[name].state != "ready":
            return
        try:
            fault = next(filter(None, map(fault_of, generators)), None) or claimed_twice(generators)
            cards = tuple(card for path in registries for card in read_registry(Path(path)))
        except Exception as error:  # the plugin wall: metadata may be properties
            self._mark(name, "broken", told(error), error)
            return
        domains = tuple(generator.domain for generator in generators) if not fault else ()
        self._states[name] = replace(self._states[name], domains=domains)
        fault = fault or self._unfit(domains, cards)
        if fault:
            self._mark(name, *fault)
            return
        self.registries += registries
        self._cards[name] = cards
        for generator in generators:
            self._claims.setdefault(generator.domain, []).append((name, generator))

    def _unfit(self, domains: tuple[str, ...], cards: tuple[ModelCard, ...]) -> tuple[State, str] | None:
        """What is wrong with a plugin's own cards, None if nothing is."""
        known = {card.id for others in self._cards.values() for card in others}
        for card in cards:
            if card.id in known:
                return "conflict", f"another plugin has a model {card.id}; rename this one"
            if card.default and card.domain not in domains:
                return "broken", f"{card.id} is marked default in a domain that is not this plugin's"
            known.add(card.id)
        return None

    def _settle(self) -> None:
        """Give each domain its owner."""
        self._generators: dict[str, Generator] = {}
        for domain, claims in self._claims.items():
            ours = [c for c in claims if self._states[c[0]].distribution == OURS]
            owner = (ours or claims)[0] if ours or len(claims) == 1 else None
            if owner:
                self._generators[domain] = owner[1]
            for name, _ in claims:
                if owner is None or name != owner[0]:
                    other = owner[0] if owner else next(c[0] for c in claims if c[0] != name)
                    self._mark(name, "conflict", str(DomainConflict(domain, other, name)))

    def _call_each(self, hook: str, **arguments: Any) -> None:
        for name, state in list(self._states.items()):
            if state.state == "ready":
                self._call(name, hook, **arguments)

    def _call(self, name: str, hook: str, **arguments: Any) -> None:
        """Call one hook of one plugin alone, so that its fault is nobody else's."""
        others = [p for n, p in self._manager.list_name_plugin() if n != name]
        try:
            with redirect_stdout(sys.stderr):
                self._manager.subset_hook_caller(hook, others)(**arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # the plugin wall: a hook may raise anything
            self._mark(name, "broken", f"{hook} failed: {told(error)}", error)

    def _mark(self, name: str, state: State, reason: str, error: BaseException | None = None) -> None:
        marked = replace(self._states[name], state=state, reason=reason, file=place(error))
        if marked == self._states[name]:
            return
        self._states[name] = marked
        log.warning("plugin %s (%s) is %s: %s %s", name, marked.distribution, state, reason, marked.file)
        if self.strict:
            raise PluginBroken(name, f"{reason} ({marked.file})" if marked.file else reason)


def _found() -> list[EntryPoint]:
    """Entry points of our group: our own first, then strangers' by the name of their package."""
    found = [(_distribution(entry)[0], entry) for entry in entry_points(group=GROUP)]
    found.sort(key=lambda pair: (pair[0] != OURS, pair[0] if pair[0] != OURS else "", pair[1].name))
    return [entry for _, entry in found]


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution; a damaged one has neither."""
    try:
        return (entry.dist.name or "?", entry.dist.version or "") if entry.dist else ("?", "")
    except Exception:  # the plugin wall: another file of a broken installation is missing
        return "?", ""
