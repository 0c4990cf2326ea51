"""Finding and loading plugins. This file alone knows pluggy.

Built-in plugins come in by the same door as strangers'. Each is loaded in its own try: a broken
one costs its own domain, never the site. A domain has one owner: ours before strangers', and of
two strangers neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pluggy

from . import hookspecs
from .errors import DomainConflict, PluginBroken, UnknownDomain
from .generator import API_VERSION, Generator
from .media import MEDIA_TYPES
from .recipe import SLUG

GROUP = "doesnotexist"
OURS = "doesnotexist"  # the distribution whose plugins go first

State = Literal["ready", "disabled", "incompatible", "broken", "conflict"]


@dataclass(frozen=True)
class PluginState:
    """What became of one plugin; `reason` is empty for a ready one."""

    name: str
    distribution: str
    version: str
    state: State = "ready"
    reason: str = ""
    domains: tuple[str, ...] = ()


class Plugins:
    """The plugins of this environment and the one table of domains.

    `only` names the entry points to load, None for all.
    """

    def __init__(self, only: frozenset[str] | None = None) -> None:
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._states: dict[str, PluginState] = {}
        self._claims: dict[str, list[tuple[str, Generator]]] = {}
        self.registries: list[Path] = []
        for entry in _found():
            self._load(entry, enabled=only is None or entry.name in only)
        self._settle()

    @property
    def states(self) -> tuple[PluginState, ...]:
        """Every plugin that was found, loaded or not."""
        return tuple(self._states.values())

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

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that is not installed: a module or an object with hook implementations.

        Raises PluginBroken or DomainConflict, and then nothing has changed.
        """
        if name in self._states:
            raise PluginBroken(name, "a plugin of this name is already loaded")
        states, claims = dict(self._states), {d: list(c) for d, c in self._claims.items()}
        self._states[name] = PluginState(name, distribution=name, version="")
        self._admit(name, plugin)
        self._settle()
        state = self._states[name]
        if state.state != "ready":
            self._states, self._claims = states, claims
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            self._settle()
            raise PluginBroken(name, state.reason)

    def register_commands(self, cli: Any) -> None:
        """Let every plugin add commands to the command line."""
        self._call_each("register_commands", cli=cli)

    def register_routes(self, app: Any) -> None:
        """Let every plugin add routes to the site."""
        self._call_each("register_routes", app=app)

    def _load(self, entry: EntryPoint, enabled: bool) -> None:
        distribution = entry.dist.name if entry.dist else "?"
        version = entry.dist.version if entry.dist else ""
        name = entry.name
        if name in self._states:
            # two distributions may use one entry-point name; the longer name keeps both in sight
            name = f"{entry.name} ({distribution})"
        self._states[name] = PluginState(name, distribution, version)
        if not enabled:
            self._mark(name, "disabled", "not among the plugins to load")
            return
        try:
            plugin = entry.load()
        except (Exception, SystemExit) as error:  # the plugin wall: an import may raise anything
            self._mark(name, "broken", f"import failed: {_told(error)}")
            return
        self._admit(name, plugin)

    def _admit(self, name: str, plugin: object) -> None:
        """Register the hooks of one plugin and hear what it brings; a fault marks it broken."""
        try:
            self._manager.register(plugin, name)
            self._check_spelling(plugin)
        except (pluggy.PluginValidationError, ValueError, PluginBroken) as error:
            self._mark(name, "broken", _told(error))
            return
        generators: list[Generator] = []
        registries: list[Path] = []
        self._call(name, "register_generators", register=generators.append)
        self._call(name, "register_registries", register=registries.append)
        if self._states[name].state != "ready":
            return
        for generator in generators:
            fault = _fault(generator)
            if fault:
                self._mark(name, *fault)
                return
        domains = tuple(generator.domain for generator in generators)
        self._states[name] = replace(self._states[name], domains=domains)
        self.registries += registries
        for generator in generators:
            self._claims.setdefault(generator.domain, []).append((name, generator))

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

    def _check_spelling(self, plugin: object) -> None:
        # pluggy takes a misspelt hook in silence: it would simply never be called
        known = {name for name in vars(hookspecs) if name.startswith("register_")}
        for name in dir(plugin):
            marked = hasattr(getattr(plugin, name, None), f"{GROUP}_impl")
            if marked and name not in known:
                raise PluginBroken(name, f"no such hook; hooks are {', '.join(sorted(known))}")

    def _call_each(self, hook: str, **arguments: Any) -> None:
        for name, state in list(self._states.items()):
            if state.state == "ready":
                self._call(name, hook, **arguments)

    def _call(self, name: str, hook: str, **arguments: Any) -> None:
        """Call one hook of one plugin alone, so that its fault is nobody else's."""
        others = [p for n, p in self._manager.list_name_plugin() if n != name]
        try:
            self._manager.subset_hook_caller(hook, others)(**arguments)
        except (Exception, SystemExit) as error:  # the plugin wall: a hook may raise anything
            self._mark(name, "broken", f"{hook} failed: {_told(error)}")

    def _mark(self, name: str, state: State, reason: str) -> None:
        self._states[name] = replace(self._states[name], state=state, reason=reason)


def _found() -> list[EntryPoint]:
    """Entry points of our group: our own first, then strangers' by the name of their package."""
    found = list(entry_points(group=GROUP))
    strangers = [e for e in found if not (e.dist and e.dist.name == OURS)]
    ours = [e for e in found if e.dist and e.dist.name == OURS]
    return ours + sorted(strangers, key=lambda e: (e.dist.name if e.dist else "", e.name))


def _fault(generator: object) -> tuple[State, str] | None:
    """What is wrong with a generator's metadata, None if nothing is."""
    if not isinstance(generator, Generator):
        return "broken", f"register() got {type(generator).__name__}, not a Generator"
    if generator.api_version != API_VERSION:
        version = generator.api_version
        return "incompatible", f"made for contract version {version}, this is {API_VERSION}"
    if not all(isinstance(getattr(generator, n, None), str) for n in ("domain", "noun", "title")):
        return "broken", f"{type(generator).__name__} lacks a domain, noun or title"
    if not SLUG.fullmatch(generator.domain):
        return "broken", f"domain {generator.domain!r} is no lower-case host label"
    if not generator.formats or not set(generator.formats) <= MEDIA_TYPES.keys():
        return "broken", f"formats {generator.formats} must be among {', '.join(MEDIA_TYPES)}"
    return None


def _told(error: BaseException) -> str:
    """One line about an exception of a plugin."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
