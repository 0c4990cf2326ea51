"""A sample as a page shows it: its addresses, its words, its controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import url_for

from doesnotexist import Generator, Media, ModelCard, Recipe
from doesnotexist.catalogue import Listing
from doesnotexist.generator import check_params
from doesnotexist.recipe import Value, check_seed, text_of

from .. import here
from ..answering.answers import address_of, file_name, permalink, with_query
from ..series.boards import is_picture
from .controls import COMPANY, Control, controls, within
from .voices import Voice, voice_of

STARTER = 256  # pixels; below, a picture is shown small and sharp, never blown up to a window
SOCIAL = 1200  # pixels at most of the picture that goes with a link; networks want 600 at least
WILD = 1.5  # of psi: a slider goes farther than models do well, for the strangest are liked best

# What is said of one that comes from another.
NEAR = {"relative": "relative number {}", "mix": "mixed with seed {}", "toward": "on the way to seed {}"}


@dataclass(frozen=True)
class Exhibit:
    """A recipe on a page; `media`, finished, where the page tells what is known of the sample."""

    generator: Generator
    card: ModelCard
    recipe: Recipe
    media: Media | None = None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is known of the sample, where the page tells it."""
        return self.media.facts if self.media else {}

    @property
    def picture(self) -> bool:
        """Whether it is made of pixels; else it is drawn, and its facts are worth telling."""
        return is_picture(self.generator)

    @property
    def seen(self) -> bool:
        """Whether it is looked at; else it is heard or read."""
        return self.picture or self.generator.formats[0] == "svg"

    @property
    def heard(self) -> bool:
        """Whether it is a sound."""
        return self.generator.formats[0] == "wav"

    @property
    def text(self) -> str:
        """Its words, if it is to be read."""
        return "" if self.seen or self.heard or not self.media else self.media.data.decode(errors="replace")

    @property
    def inked(self) -> bool:
        """Whether it is black on white whatever the page is; else it colours itself, light and dark."""
        coloured = self.media is not None and b"prefers-color-scheme" in self.media.data
        return self.seen and not self.picture and not coloured

    @property
    def small(self) -> bool:
        """Whether it has so few pixels that each should be seen."""
        return self.picture and self.card.resolution < STARTER

    @cached_property
    def image(self) -> str:
        """The address of its picture; a small one without loss."""
        exact = self.small and "png" in self.generator.formats
        return self._permalink("&format=png" if exact else "")

    @property
    def thumbnail(self) -> str:
        """The address of its picture for a wall of many: no larger than it is shown there."""
        if self.picture:
            return self._permalink("&size=256") if self.card.resolution > 512 else self.image
        drawn_in_ink = "png" in self.generator.formats
        return self._permalink("&format=png&size=360") if drawn_in_ink else self.image

    @cached_property
    def social(self) -> str:
        """The address of the picture that goes with a link to it: pixels, and enough of them.

        A small picture is enlarged a whole number of times, so that each pixel stays what it is.
        """
        if not self.picture:
            return self._permalink(f"&format=png&size={SOCIAL}") if "png" in self.generator.formats else ""
        side = self.card.resolution
        return self._permalink(f"&format=png&size={SOCIAL // side * side}") if self.small else self.download

    @property
    def download(self) -> str:
        """The address of what is saved: the generator's own first format."""
        return self._permalink()

    def address(self, format: str, **more: str) -> str:
        """Where it can be had in one of its formats, with `more` parameters set otherwise."""
        return permalink(self.generator.domain, self.recipe, format=format, **more)

    @property
    def record(self) -> str:
        """The address of all that is known of it, as JSON."""
        return self._permalink("&format=json")

    @cached_property
    def page(self) -> str:
        """The address of its page, for ever; on another site's page, with that site's host."""
        domain = self.generator.domain
        at_home = here.site().domain == domain
        return f"{here.root() + '/' if at_home else here.address(domain)}{self._query}"

    @property
    def learn(self) -> str:
        """The address of the page that explains how it was made."""
        return f"{here.root()}/about{self._query}"

    @property
    def play(self) -> str:
        """The address of all that can be done with it."""
        return f"{here.root()}/play{self._query}"

    @property
    def another(self) -> str:
        """The address of another one, made with what was changed here; it comes without company."""
        usual = here.zoo().recipe(self.generator.domain, seed=0)
        own = self.recipe.params.items()
        changed = {n: text_of(v) for n, v in own if n not in COMPANY and v != usual.params.get(n)}
        if self.recipe.reference != usual.reference:
            changed["model"] = self.recipe.model
        return with_query(url_for("pages.front"), changed)

    def turned(self, **params: Value) -> Exhibit:
        """The same without company, with some parameters set; raises InvalidParameter."""
        return self._like(self.recipe.seed, params)

    def other(self, seed: int) -> Exhibit:
        """Another seed, made in the same way and without company."""
        return self._like(seed, {})

    def _like(self, seed: int, params: Mapping[str, Value]) -> Exhibit:
        kept = {n: v for n, v in self.recipe.params.items() if n not in COMPANY}
        checked = check_params(self.generator.params, {**self.card.defaults, **kept, **params})
        recipe = replace(self.recipe, seed=check_seed(seed), params=checked)
        return Exhibit(self.generator, self.card, recipe)

    @property
    def file_name(self) -> str:
        """What it is called when it is saved."""
        return file_name(self.generator.domain, self.recipe.seed, self.generator.formats[0])

    @cached_property
    def voice(self) -> Voice:
        """How to speak of the network that made it."""
        return voice_of(self.generator, self.card)

    @cached_property
    def description(self) -> str:
        """What stands in for the picture where it cannot be seen."""
        article = "An" if self.generator.noun[:1] in "aeiou" else "A"
        text = f"{article} {self.generator.noun} that does not exist, seed {self.recipe.seed}"
        told = self.facts.get("name") or self.facts.get("smiles")
        near = [words.format(self.recipe.params[n]) for n, words in NEAR.items() if n in self.recipe.params]
        text = ", ".join([text, *near])
        return f"{text}: {told}" if told else text

    @cached_property
    def controls(self) -> list[Control]:
        """Its parameters, those of its company first; psi from the least that its card allows to the wild."""
        every = controls(self.generator.params, self.recipe.params)
        if span := self.card.psi:
            high = max(span.high, WILD)
            every = [within(one, span.low, high) if one.name == "psi" else one for one in every]
        return sorted(every, key=lambda one: (one.name not in COMPANY, one.kind != "range"))

    @cached_property
    def larger(self) -> Listing | None:
        """The largest model of this domain, if it is larger than this one."""
        best = max(here.zoo().registry.cards(self.generator.domain), key=lambda card: card.resolution)
        larger = best.resolution > self.card.resolution
        return Listing(best, here.zoo().store.status(best)) if larger else None

    def _permalink(self, more: str = "") -> str:
        return f"{here.root()}/generate/{self.generator.domain}{self._query}{more}"

    @cached_property
    def _query(self) -> str:
        """What names it in each of its addresses, of which a page has many."""
        return with_query("", address_of(self.recipe))
