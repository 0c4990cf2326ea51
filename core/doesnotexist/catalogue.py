"""What can be made here: domains, their models, recipes for samples. Nothing is loaded for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .cards import ModelCard
from .downloads.further_registries import read_further
from .downloads.pins import Pins
from .engine.loading import plugins_of
from .errors import ModelGone, UnknownModel
from .generator import Generator, check_params
from .lately import Lately
from .media import check_format
from .plugins import Plugins
from .recipe import Recipe, check_seed, fresh_seed, parse_reference, parse_text
from .registry import Registry, find_registry, read_registry, wanted_models
from .settings import Settings
from .weights import Status, Store


@dataclass(frozen=True)
class Listing:
    """A model card, and whether its weights are `bundled`, `cached` or `remote`."""

    card: ModelCard
    status: Status


class Catalogue:
    """The plugins, the registries and the store of this installation, as one."""

    def __init__(self, settings: Settings, plugins: Plugins | None = None) -> None:
        self.settings = settings
        self.plugins = plugins or plugins_of(self.settings)
        base = read_registry(self.settings.registry or find_registry())
        self.store = Store(self.settings.store)
        pins = Pins(self.store.root)  # what was fetched unverified is known since
        cards = self.plugins.cards(base)
        self.further = read_further(self.settings.registries, cards, self.store.root)
        # the user's own go first, so that a default of theirs is the default
        own = [card for one in self.further for card in one.cards]
        self.registry = Registry(pins.apply(card) for card in (*own, *cards))
        self._wanted = wanted_models(self.settings.models, self.registry)
        # each looks for files, and is asked in every request
        self._lately_default = Lately(self._default)
        self._lately_here = Lately(self._find_domains_here)

    def generator(self, domain: str) -> Generator:
        """The generator of a domain; raises UnknownDomain."""
        return self.plugins.generator(domain)

    def models(self, domain: str | None = None) -> list[Listing]:
        """Every model, or those of one domain; raises UnknownDomain for one that nobody knows."""
        cards = self.registry.cards(domain)
        if domain is not None and not cards:
            self.generator(domain)
        return [Listing(card, self.store.status(card)) for card in cards]

    def card(self, domain: str, model: str | None = None) -> ModelCard:
        """The card of a model, given as None (the domain's default), `id` or `id@digest`.

        Raises UnknownDomain, UnknownModel, and ModelGone for weights that are not here any more.
        """
        self.generator(domain)
        if model is None:
            return self._lately_default(domain)
        id, digest = parse_reference(model)
        card = self.registry.card(id)
        if card.domain != domain:
            raise UnknownModel(id, (c.id for c in self.registry.cards(domain)))
        if not card.digest.startswith(digest):
            raise ModelGone(id, digest, card.digest)
        return card

    def _default(self, domain: str) -> ModelCard:
        """The model that is served unasked: the one that is set, else one that is here, defaults first."""
        if domain in self._wanted:
            return self._wanted[domain]
        cards = sorted(self.registry.cards(domain), key=lambda card: not card.default)
        if not cards:
            raise UnknownModel(f"{domain}/", (c.id for c in self.registry.cards()))
        here = (card for card in cards if self.store.status(card) != "remote")
        return next(here, cards[0])

    def recipe(
        self,
        domain: str,
        seed: int | None = None,
        model: str | None = None,
        params: Mapping[str, object] | None = None,
    ) -> Recipe:
        """A recipe with every parameter filled in; no seed means a fresh one.

        Values of `params` may be text, as from a URL. Raises UnknownDomain, UnknownModel,
        ModelGone, InvalidParameter.
        """
        card = self.card(domain, model)
        given = {**card.defaults, **(params or {})}
        checked = check_params(self.generator(domain).params, given)
        number = fresh_seed() if seed is None else check_seed(seed)
        return Recipe(card.id, card.digest, number, checked)

    def parse(self, text: str) -> Recipe:
        """A recipe from its text form; raises as `recipe` does."""
        id, digest, seed, params = parse_text(text)
        reference = f"{id}@{digest}" if digest else id
        return self.recipe(self.registry.card(id).domain, seed, reference, params)

    def format(self, recipe: Recipe, format: str | None = None) -> str:
        """The name of a format that the recipe's generator offers; None is its default."""
        formats = self.generator(self.registry.card(recipe.model).domain).formats
        return formats[0] if format is None else check_format(format, (*formats, "json"))

    def domains_here(self) -> list[str]:
        """The domains that can be served without a download."""
        return self._lately_here(None)

    def _find_domains_here(self, _: None) -> list[str]:
        here = {
            listing.card.domain
            for listing in self.models()
            if listing.status != "remote"
            and self._wanted.get(listing.card.domain, listing.card) == listing.card
        }
        return [domain for domain in self.plugins.generators if domain in here]
