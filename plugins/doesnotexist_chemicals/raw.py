"""`doesnotexist generate chemicals --raw`: what the network writes, before anything is checked or refused.

A file to score and not one to show.  It is a way of the command line and no parameter: the site, the API and
recipes have none to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from doesnotexist.errors import InvalidParameter
from doesnotexist.media import Media
from doesnotexist.recipe import Recipe
from doesnotexist.zoo import Creation, Zoo


def raw(zoo: Zoo, recipes: Iterable[Recipe], format: str) -> Iterator[Creation]:
    """The first draw of each recipe's seed as SMILES, nothing masked; empty where it never ended."""
    from .writers import writer_of

    if format != "smi":
        raise InvalidParameter("format", "smi beside --raw", format)
    asked = list(recipes)
    first = asked[0]
    if spare := first.params.keys() - {"temperature"}:
        raise InvalidParameter(min(spare), "nothing but --temperature beside --raw", first.params[min(spare)])
    card = zoo.card("chemicals", first.reference)
    writer = writer_of(card, zoo.store.read(card)["weights"], masked=False)
    draws = writer.raw([recipe.seed for recipe in asked], float(first.params["temperature"]))
    for recipe, smiles in zip(asked, draws, strict=True):
        yield Creation(zoo, recipe, Media(smiles.encode("ascii"), format, {}))
