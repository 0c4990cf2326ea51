"""From a query to an order: a checked recipe, a format, a size, and how lasting the request is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from doesnotexist import Recipe, Zoo
from doesnotexist.errors import InvalidParameter
from doesnotexist.media import MAX_SIZE, MIN_SIZE, check_size
from doesnotexist.recipe import parse_seed
from doesnotexist.zoo import Coming

OURS = ("seed", "model", "format", "size")


@dataclass(frozen=True)
class Order:
    """What a request asks for; `size` in pixels, None as it comes.

    `seeded`: the seed was given. `complete`: so were the weights and every parameter, so that the
    same request can never mean another sample. `anything`: nothing was, and any sample will do.
    """

    domain: str
    recipe: Recipe
    format: str
    size: int | None
    seeded: bool
    complete: bool
    anything: bool = False


def read_order(
    zoo: Zoo,
    domain: str,
    query: MultiDict[str, str],
    *,
    format: str | None = None,
    strict: bool = True,
) -> Order:
    """The order in a query; `format` is what is meant when the query names none.

    `strict` refuses parameters that nobody knows; otherwise they are cache busters and left aside.
    Raises UnknownDomain, UnknownModel, ModelGone, InvalidParameter.
    """
    params = zoo.generator(domain).params.model_fields
    given = only_once(query) if strict else only_once(query, {*OURS, *params})
    own = {name: text for name, text in given.items() if name not in OURS}
    seed = parse_seed(given["seed"]) if "seed" in given else None
    recipe = zoo.recipe(domain, seed, given.get("model"), own)
    weights_named = "@" in given.get("model", "")
    name = zoo.format(recipe, given.get("format", format))
    return Order(
        domain=domain,
        recipe=recipe,
        format=name,
        size=read_size(given.get("size")),
        seeded=seed is not None,
        complete=seed is not None and weights_named and own.keys() >= recipe.params.keys(),
        anything=given.keys() <= {"format"} and name == zoo.format(recipe),
    )


def ask(zoo: Zoo, order: Order) -> Coming:
    """Have an order made, without waiting for it. Raises what `Zoo.ask` and `Zoo.ask_fresh` raise."""
    if order.anything:
        return zoo.ask_fresh(order.domain)
    return zoo.ask(order.recipe, order.format, order.size)


def only_once(query: MultiDict[str, str], known: set[str] | None = None) -> Mapping[str, str]:
    """The query as plain names and values; raises InvalidParameter for a name that stands twice."""
    given = {}
    for name, values in query.lists():
        if known is not None and name not in known:
            continue
        if len(values) != 1:
            raise InvalidParameter(name, "one value", values)
        given[name] = values[0]
    return given


def read_size(text: str | None) -> int | None:
    """A width in pixels, None as it comes; raises InvalidParameter."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise InvalidParameter("size", f"a width from {MIN_SIZE} to {MAX_SIZE} pixels", text)
    return check_size(int(text))
