"""From recipes to molecules, whatever network writes them."""

from __future__ import annotations

from collections.abc import Sequence

from doesnotexist import Recipe
from doesnotexist.media import Sample

from . import novelty
from .drafts import Writer
from .molecule import Molecule
from .neighbours import Found, Key, Neighbourhood
from .params import ChemicalParams
from .scaffold import scaffold


class Molecules:
    """A loaded model; the same recipe gives the same molecule in any batch.

    `shown` says what the molecules of MOSES are to it.
    """

    def __init__(self, writer: Writer, shown: str = novelty.SHOWN) -> None:
        self.near, self.shown = Neighbourhood(writer), shown

    def sample(self, recipes: Sequence[Recipe]) -> list[Sample]:
        """One molecule for each recipe, in order, none of them refused by `chemistry.verdict`."""
        asked = [(recipe.seed, ChemicalParams.model_validate(dict(recipe.params))) for recipe in recipes]
        # The seeds' own first and all at once: relatives and ways begin with them.
        seeds = [(seed, p.temperature) for seed, p in asked]
        seeds += [(p.toward, p.temperature) for _, p in asked if p.toward is not None]
        self.near.molecules(Key(seed, temperature) for seed, temperature in seeds)
        return [self._molecule(seed, params) for seed, params in asked]

    def _molecule(self, seed: int, params: ChemicalParams) -> Molecule:
        key = Key(seed, params.temperature, params.relative or 0)
        own, found = self.near.molecules([key.own, key])
        kinship = _kinship(own.smiles, params.relative, found) if params.relative else None
        if params.toward is None:
            return Molecule(found.smiles, found.attempts, params.style, kinship, self.shown)
        way = self.near.way(key, Key(params.toward, params.temperature))
        stage = round((0.5 if params.step is None else params.step) * (len(way) - 1))
        kinship = f"stage {stage} of {len(way) - 1} on the way from {way[0]} to {way[-1]}"
        return Molecule(way[stage], found.attempts, params.style, kinship, self.shown)


def _kinship(own: str, number: int, found: Found) -> str:
    if not found.found:
        return f"{own} itself: it has no relatives"
    return f"relative {number} of {own}, whose scaffold {scaffold(Molecule(own).mol)} it keeps"
