"""What is under test: a plugin, one of its generators, and the model that it samples with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint

from ..cards import ModelCard
from ..errors import PluginBroken
from ..fingerprints import essence
from ..generator import Generator, Sampler, check_params
from ..media import Sample, as_json
from ..plugins import GROUP, Plugins
from ..recipe import Recipe
from ..registry import read_registry
from ..settings import Settings
from ..weights import Store


class Unfit(AssertionError):
    """A promise of the contract that a plugin does not keep; pytest shows it as a failed test."""


@dataclass(frozen=True)
class Budget:
    """What a plugin may cost. Import is processor time, the others are time on the clock."""

    import_s: float = 0.2
    load_s: float = 30.0
    sample_s: float = 10.0
    memory_bytes: int = 4 * 2**30


@dataclass
class Guest:
    """A plugin as its entry point names it: `doesnotexist_dogs`, or `package.module:object`."""

    plugin: str
    budget: Budget = field(default_factory=Budget)

    def loaded(self, into: Plugins | None = None) -> Plugins:
        """A table of plugins with this one alone. Raises PluginBroken, and whatever its import raises."""
        plugins = into or Plugins(only=frozenset())
        plugins.register(EntryPoint("plugin", self.plugin, GROUP).load(), f"{self.plugin} under test")
        return plugins


@dataclass
class Subject(Guest):
    """One generator with a model card and the verified bytes of its files.

    Without `files` there is nothing to sample with, and the checks that need samples are skipped.
    """

    generator: Generator = None  # type: ignore[assignment] # it follows fields that have defaults
    card: ModelCard | None = None
    files: Mapping[str, bytes] | None = None
    device: str = "cpu"

    @classmethod
    def of(cls, plugin: str, domain: str = "", budget: Budget | None = None) -> Subject:
        """A plugin's generator, the one of `domain` if it has several. Raises PluginBroken."""
        subjects = cls.all_of(plugin, budget or Budget())
        found = next((one for one in subjects if domain in ("", one.generator.domain)), None)
        if found is None:
            raise PluginBroken(plugin, f"it registers no generator {domain}".strip())
        return found

    @classmethod
    def all_of(cls, plugin: str, budget: Budget) -> list[Subject]:
        """Each generator of a plugin with the first model of the plugin's own registry that is here."""
        guest = Guest(plugin, budget)
        plugins = guest.loaded()
        cards = [card for path in plugins.registries for card in read_registry(path)]
        store = Store(Settings.read().store)
        return [cls.with_card(guest, one, cards, store) for one in plugins.generators.values()]

    @classmethod
    def with_card(
        cls, guest: Guest, generator: Generator, cards: Sequence[ModelCard], store: Store
    ) -> Subject:
        """The generator with the first of `cards` that is of its domain, one whose files are here before."""
        own = [card for card in cards if card.domain == generator.domain]
        here = next((card for card in own if store.status(card) != "remote"), None)
        files = store.read(here) if here else None
        return cls(guest.plugin, guest.budget, generator, here or next(iter(own), None), files)

    @cached_property
    def sampler(self) -> Sampler:
        """A loaded model, the same one for all checks."""
        return self.load()

    def load(self) -> Sampler:
        """A model loaded anew."""
        if self.card is None or self.files is None:
            raise Unfit("there are no weights to load")
        return self.generator.load(self.card, self.files, self.device)

    def recipe(self, seed: int, **params: object) -> Recipe:
        """A recipe with every parameter filled in, as the zoo makes them."""
        if self.card is None:
            raise Unfit("there is no model card to make a recipe of")
        given = {**self.card.defaults, **params}
        return Recipe(self.card.id, self.card.digest, seed, check_params(self.generator.params, given))

    def sample(self, *recipes: Recipe, sampler: Sampler | None = None) -> list[Sample]:
        """One batch; raises Unfit if it is no list with a sample for each recipe."""
        samples: object = (sampler or self.sampler).sample(list(recipes))
        if not isinstance(samples, list) or len(samples) != len(recipes):
            found = f"{len(samples)} samples" if isinstance(samples, list) else type(samples).__name__
            raise Unfit(f"sample() must give a list with {len(recipes)} samples, gave {found}")
        for one in samples:
            if not callable(getattr(one, "encode", None)) or not callable(getattr(one, "facts", None)):
                raise Unfit(f"a sample needs encode() and facts(), {type(one).__name__} has not")
        return samples

    def prints(self, *recipes: Recipe, sampler: Sampler | None = None) -> list[str]:
        """One batch as fingerprints: equal samples have equal ones."""
        samples = self.sample(*recipes, sampler=sampler)
        return [fingerprint(one, self.generator.formats) for one in samples]


def fingerprint(sample: Sample, formats: Sequence[str]) -> str:
    """sha256 of what a sample is: its pixels, else its most telling format, and its facts."""
    return hashlib.sha256(essence(sample, formats) + as_json(sample.facts())).hexdigest()
