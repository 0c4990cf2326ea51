"""What is near a sample: its relatives, its opposite, its mixtures with another, the ways between.

Each is an exhibit with an address of its own, so that play is a matter of links; a list is empty
where the generator cannot do it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from flask import url_for

from doesnotexist.errors import InvalidParameter
from doesnotexist.recipe import Value, fresh_seed, text_of

from ..answering.answers import with_query
from ..series.kinds import KINDS, MORPH, SHEET, STRIP
from ..series.play import formats_of
from .controls import COMPANY, LENT, Control, spare
from .exhibits import Exhibit

RELATIVES = 9
PSIS = (-1.0, -0.5, 0.0, 0.5, 1.0)
WILD = (1.0, 1.5, 2.0)
HEAT = (0.5, 1.0, 1.5)
STEPS = (0.25, 0.5, 0.75)
SHEET_SIDE, SHEET_PIXELS = 8, 256  # tiles in a row, and the pixels of each


@dataclass(frozen=True)
class Company:
    """An exhibit and what is near it; `partner` is the seed of the other one."""

    it: Exhibit
    partner: int

    @cached_property
    def itself(self) -> Exhibit:
        """The exhibit without company."""
        return self.it.turned()

    @cached_property
    def other(self) -> Exhibit | None:
        """The other one, where two can have to do with each other."""
        if not {"mix", "interpolate"} & self.it.generator.capabilities:
            return None
        return self.it.other(self.partner)

    @cached_property
    def relatives(self) -> list[tuple[str, Exhibit]]:
        """Those nearest to it, with their numbers."""
        return self._allowed((str(n), {"relative": n}) for n in range(1, RELATIVES + 1))

    @cached_property
    def opposites(self) -> list[tuple[str, Exhibit]]:
        """From its opposite through the mean to itself, with their psi."""
        return self._allowed((_told(psi), {"psi": psi}) for psi in PSIS)

    @cached_property
    def wild(self) -> list[tuple[str, Exhibit]]:
        """Itself as the model was trained, and farther out than it has ever been."""
        return self._allowed((_told(psi), {"psi": psi}) for psi in WILD)

    @cached_property
    def heated(self) -> list[tuple[str, Exhibit]]:
        """The same seed at several temperatures, where a language model has one."""
        return self._allowed((_told(heat), {"temperature": heat}) for heat in HEAT)

    @cached_property
    def mixtures(self) -> list[tuple[str, Exhibit]]:
        """What the other one can lend it, and what comes of that."""
        lent = LENT.items()
        return self._allowed((words, {"mix": self.partner, "mix_layers": part}) for part, words in lent)

    @cached_property
    def between(self) -> list[tuple[str, Exhibit]]:
        """On the way to the other one, with how far."""
        return self._allowed((f"{step:.0%}", {"toward": self.partner, "step": step}) for step in STEPS)

    @cached_property
    def spare(self) -> list[Control]:
        """The parameters that are mostly not used."""
        return spare(self.it.generator.params, self.it.recipe.params)

    @cached_property
    def films(self) -> list[tuple[str, str]]:
        """The way to the other one as a film: format and address."""
        formats = [format for format in formats_of(self.it.generator, MORPH) if format != "json"]
        return [(f, self._series(MORPH.name, f, toward=self.partner, size=SHEET_PIXELS)) for f in formats]

    @cached_property
    def strip(self) -> str:
        """From its opposite to itself as one picture."""
        offered = formats_of(self.it.generator, STRIP)
        return self._series(STRIP.name, "png", size=SHEET_PIXELS) if "png" in offered else ""

    @cached_property
    def sheet(self) -> str:
        """It and those of the next seeds as one picture, nothing left out."""
        if "webp" not in formats_of(self.it.generator, SHEET):
            return ""
        return self._series(SHEET.name, "webp", side=SHEET_SIDE, size=SHEET_PIXELS)

    def _allowed(self, variants: Iterable[tuple[str, dict[str, Value]]]) -> list[tuple[str, Exhibit]]:
        """The exhibit in these variants, without those that the generator's parameters refuse."""
        found = []
        for words, params in variants:
            with suppress(InvalidParameter):
                found.append((words, self.it.turned(**params)))
        return found

    def _series(self, kind: str, suffix: str, **more: Value) -> str:
        recipe, sets = self.itself.recipe, KINDS[kind].sets
        own = {name: text for name, text in recipe.query().items() if name not in sets}
        query = {"model": recipe.reference, **own, **{name: text_of(value) for name, value in more.items()}}
        return with_query(url_for(f"play.{kind}", suffix=suffix), query)


def _told(number: float) -> str:
    """A number as a person reads it: −0.5."""
    return f"{number:g}".replace("-", "−")


def company_of(it: Exhibit) -> Company:
    """The company of an exhibit, with the partner that it has already, else one that nobody chose."""
    params = it.recipe.params
    partner = params.get("toward", params.get("mix"))
    return Company(it, fresh_seed() if partner is None else int(partner))


def parents(it: Exhibit) -> list[Exhibit]:
    """Whom an exhibit comes from: itself without company, then the other one; [] if it is alone."""
    params = it.recipe.params
    if not COMPANY & params.keys():
        return []
    others = {params[name]: None for name in ("mix", "toward") if name in params}
    return [it.turned(), *(it.other(int(seed)) for seed in others)]
