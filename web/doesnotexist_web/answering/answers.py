"""Media and records as HTTP answers: caching, permalinks, names of files.

A random answer is never stored. A permalink names weights, seed and every parameter, so its answer
may be kept for ever; its ETag is the recipe's, and asking again costs no generation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from flask import Response, g, request, url_for

from doesnotexist import Media, Recipe
from doesnotexist.media import as_json

from ..asking.orders import Order, ask
from ..here import address, ordered, room, root, site, zoo
from .headers import public

SUFFIXES = {"jpeg": "jpg"}
FOREVER = "public, max-age=31536000, immutable"


def permalink(domain: str, recipe: Recipe, **more: str) -> str:
    """The path that means this sample for ever."""
    return with_query(f"{root()}/generate/{domain}", address_of(recipe) | more)


def address_of(recipe: Recipe) -> dict[str, str]:
    """The query of a permalink: the weights, the seed and every parameter."""
    return {"model": recipe.reference, **recipe.query()}


def with_query(path: str, query: Mapping[str, str]) -> str:
    """`path?query`; not by url_for, whose own arguments a plugin's parameter might be named like."""
    pairs = [f"{_quoted(name)}={_quoted(text)}" for name, text in query.items()]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


@lru_cache(128)  # in the links of a page it is the same few words again and again
def _quoted(text: str) -> str:
    return quote_plus(text, safe="/@")


def deliver(order: Order) -> Response:
    """Make what was ordered and answer with it, or with 304 when the client has it already."""
    etag = f"{order.recipe.digest[:32]}-{order.format}-{order.size or 'full'}"
    if order.seeded and request.if_none_match.contains_weak(etag):
        response = Response(status=304)
    else:
        order, media = make(order)
        response = Response(media.data, mimetype=media.media_type)
        response.headers["Content-Disposition"] = disposition(order)
    if "fresh" in g:  # made now, from the pool, or shared with others under overload
        response.headers["X-Fresh"] = g.fresh
    where = links(order)
    return addressed(response, etag, order.recipe.seed, where, seeded=order.seeded, complete=order.complete)


def addressed(
    response: Response, etag: str, seed: int, links: str, *, seeded: bool, complete: bool
) -> Response:
    """An answer that says of which seed it is, where it can be had again, and how long it may be kept.

    `links` is its Link header; `seeded` and `complete` as in an order.
    """
    if seeded:
        response.set_etag(etag)
    # without a digest the address means today's model: to be asked again, but not sent again
    lasting = FOREVER if complete else "no-cache"
    response.headers["Cache-Control"] = lasting if seeded else "no-store"
    response.headers["X-Seed"] = str(seed)
    response.headers["Link"] = links
    return public(response)


def make(order: Order) -> tuple[Order, Media]:
    """What was ordered, and the order for it: where anything will do, one that may be ready.

    Raises QueueFull at once when too many requests wait already, and whatever `Zoo.render` raises.
    """
    if (coming := ordered()) is None:
        with room():
            creation = ask(zoo(), order).wait()
    else:
        creation = coming.wait()
    if order.anything:
        g.fresh = creation.source
    return replace(order, recipe=creation.recipe), creation.media


def links(order: Order) -> str:
    """The Link header: where it can be had for ever, what is known of it, its licence."""
    canonical = permalink(order.domain, order.recipe)
    terms = with_query(_about(order.domain), {"model": order.recipe.reference}) + "#licence"
    record = permalink(order.domain, order.recipe, format="json")
    described = f'<{record}>; rel="describedby"; type="application/json"'
    return f'<{canonical}>; rel="canonical", {described}, <{terms}>; rel="license"'


def _about(domain: str) -> str:
    """Where more is told of a domain; without a host where it can be, as a cache may not know of ports."""
    here = site()
    if here.domain == domain:
        return url_for("pages.about")
    return f"{address(domain).rstrip('/')}/about" if here.domain else f"/d/{domain}/about"


def disposition(order: Order) -> str:
    """The header with the name of a file."""
    return f'inline; filename="{file_name(order.domain, order.recipe.seed, order.format)}"'


def file_name(domain: str, seed: int, format: str) -> str:
    """What the file is called when it is saved: `faces-7.jpg`."""
    return f"{domain}-{seed}.{SUFFIXES.get(format, format)}"


def json_answer(data: Any, status: int = 200, mimetype: str = "application/json") -> Response:
    """Data that any site may read, always of this moment."""
    response = Response(as_json(data), status=status, mimetype=mimetype)
    response.headers["Cache-Control"] = "no-cache"
    return public(response)
