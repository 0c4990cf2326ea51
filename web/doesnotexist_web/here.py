"""What a view may ask for: the zoo, the site of this request, the generator of its domain."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from threading import BoundedSemaphore

from flask import current_app, g, request
from werkzeug.exceptions import NotFound

from doesnotexist import Generator, Zoo
from doesnotexist.errors import QueueFull
from doesnotexist.zoo import Coming

from .asking.hosts import Site

_NAMES = Random(secrets.randbits(64))  # noqa: S311 - names, not secrets: the system's own cost 0.1 ms each


def zoo() -> Zoo:
    """The zoo that this application shows."""
    found: Zoo = current_app.extensions["doesnotexist"]
    return found


def site() -> Site:
    """The site that this request is for."""
    found: Site = request.environ["doesnotexist.site"]
    return found


def ordered() -> Coming | None:
    """What this request asks for, where that was ordered before it had a thread."""
    found: Coming | None = request.environ.get("doesnotexist.coming")
    return found


def begun() -> float:
    """When this request was there, on the clock of `time.perf_counter`; it may have waited for a thread."""
    found: float = request.environ["doesnotexist.begun"]
    return found


@contextmanager
def room(among: str = "doesnotexist.places") -> Iterator[None]:
    """A place among the requests that wait for media; raises QueueFull if there is none.

    Each holds a thread of the server, and a herd that waits for one and the same sample passes by
    the engine's own bound: lists and pages must find a thread even then.
    """
    places: Places = current_app.extensions[among]
    if not places.free.acquire(blocking=False):
        raise QueueFull(places.count, retry_after_s=1)
    try:
        yield
    finally:
        places.free.release()


class Places:
    """How many requests may wait for media at once."""

    def __init__(self, count: int) -> None:
        self.count, self.free = count, BoundedSemaphore(count)


def generator() -> Generator:
    """The generator of this site's domain; raises UnknownDomain, and NotFound on the bare host."""
    domain = site().domain
    if not domain:
        raise NotFound("This address belongs to the site of one domain, such as the ones below.")
    return zoo().generator(domain)


def address(domain: str) -> str:
    """Where the site of a domain is, as this visitor can reach it."""
    return site().address(domain, request.scheme)


def root() -> str:
    """What the paths of this site begin with: "", or "/d/cats" where there is no DNS.

    For those that a page is full of; `url_for` looks each up in the map of routes.
    """
    return request.script_root


def home() -> str:
    """Where the index is."""
    return site().home(request.scheme)


def origin() -> str:
    """Scheme and host of this site, for the few places that take no relative address."""
    return f"{request.scheme}://{site().host}"


def request_id() -> str:
    """A name for this request, the same in its answer and in the log."""
    if "request_id" not in g:
        g.request_id = new_request_id()
    found: str = g.request_id
    return found


def new_request_id() -> str:
    """A name that no other request has, in all likelihood."""
    return f"{_NAMES.getrandbits(48):012x}"
