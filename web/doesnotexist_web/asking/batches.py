"""What a request for many samples asks for.

    {"seeds": "0-15", "psi": 0.5, "format": "png"}
    {"count": 20}
    {"items": [{"seed": 1}, {"seed": 2, "psi": 1}], "format": "json"}

What stands beside `items` goes for all of them, what stands in one goes before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from doesnotexist import Recipe, Zoo
from doesnotexist.errors import InvalidParameter
from doesnotexist.media import check_size
from doesnotexist.recipe import MAX_SEED, check_seed, fresh_seed, parse_seed, parse_seeds

from .orders import only_once, read_size

MANY = 100  # samples of one batch
_OURS = frozenset({"count", "seed", "seeds", "items", "model", "format", "size"})


@dataclass(frozen=True)
class Batch:
    """Recipes, a format, and a size in pixels or None as they come."""

    domain: str
    recipes: Sequence[Recipe]
    format: str
    size: int | None


def read_counted(zoo: Zoo, domain: str, query: MultiDict[str, str]) -> Batch:
    """The batch in a query with `count`: seeds from `seed` on, or fresh ones; raises as `read_batch`."""
    given: dict[str, Any] = dict(only_once(query))
    count = given["count"]
    if not (count.isascii() and count.isdigit() and len(count) < 5):
        raise InvalidParameter("count", f"an integer from 1 to {MANY}", count)
    given["count"] = int(count)
    if "seed" in given:
        given["seed"] = parse_seed(given["seed"])
    given["size"] = read_size(given.get("size"))
    return read_batch(zoo, domain, given)


def read_batch(zoo: Zoo, domain: str, given: Mapping[str, Any]) -> Batch:
    """The batch in a JSON object; raises UnknownDomain, UnknownModel, ModelGone, InvalidParameter."""
    zoo.generator(domain)
    size = given.get("size")
    if size is not None and type(size) is not int:
        raise InvalidParameter("size", "a whole number of pixels", size)
    model, format = (_text(given, name) for name in ("model", "format"))
    common = {name: value for name, value in given.items() if name not in _OURS}
    recipes = [
        _recipe(zoo, domain, model, common, item, f"items[{place}]." if "items" in given else "")
        for place, item in enumerate(_items(given))
    ]
    return Batch(domain, recipes, zoo.format(recipes[0], format), check_size(size))


def _items(given: Mapping[str, Any]) -> list[Any]:
    """What each sample is to be, beside what is common to all."""
    match [name for name in ("count", "seeds", "items") if name in given]:
        case ["count"]:
            return _counted(given["count"], given.get("seed"))
        case ["seeds"] if "seed" not in given:
            seeds = given["seeds"]
            seeds = parse_seeds(seeds, MANY) if isinstance(seeds, str) else seeds
            return [{"seed": seed} for seed in _several("seeds", seeds, "a list or text such as 0-15,20, of")]
        case ["items"] if "seed" not in given:
            return _several("items", given["items"], "a list of objects,")
    raise InvalidParameter("count", "count (with or without seed), seeds, or items", sorted(given))


def _counted(count: object, first: int | None) -> list[dict[str, int]]:
    if type(count) is not int or not 0 < count <= MANY:
        raise InvalidParameter("count", f"an integer from 1 to {MANY}", count)
    if first is None:
        return [{} for _ in range(count)]
    start = check_seed(first)
    return [{"seed": (start + i) % (MAX_SEED + 1)} for i in range(count)]


def _several(name: str, given: object, what: str) -> list[Any]:
    if not isinstance(given, list) or not 0 < len(given) <= MANY:
        raise InvalidParameter(name, f"{what} 1 to {MANY}", given)
    return given


def _recipe(
    zoo: Zoo, domain: str, model: str | None, common: Mapping[str, Any], item: object, place: str
) -> Recipe:
    """The recipe of one sample; what is wrong with it is named with its place: `items[3].psi`."""
    if not isinstance(item, Mapping):
        raise InvalidParameter(place.rstrip("."), "an object such as {'seed': 7}", item)
    # true is a number to Python
    own: dict[str, Any] = {
        name: str(v).lower() if isinstance(v, bool) else v for name, v in {**common, **item}.items()
    }
    seed = own.pop("seed", None)
    try:
        return zoo.recipe(domain, fresh_seed() if seed is None else seed, model, own)
    except InvalidParameter as error:
        raise InvalidParameter(f"{place}{error.field}", error.expected, error.found) from None


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidParameter(name, "text", value)
    return value
