"""What a view may ask for: the zoo, the site of this request, the generator of its domain."""

from __future__ import annotations

import secrets

from flask import current_app, g, request
from werkzeug.exceptions import NotFound

from doesnotexist import Generator, Zoo

from .hosts import Site


def zoo() -> Zoo:
    """The zoo that this application shows."""
    found: Zoo = current_app.extensions["doesnotexist"]
    return found


def site() -> Site:
    """The site that this request is for."""
    found: Site = request.environ["doesnotexist.site"]
    return found


def generator() -> Generator:
    """The generator of this site's domain; raises UnknownDomain, and NotFound on the bare host."""
    domain = site().domain
    if not domain:
        raise NotFound("This address belongs to the site of one domain, such as the ones below.")
    return zoo().generator(domain)


def address(domain: str) -> str:
    """Where the site of a domain is, as this visitor can reach it."""
    return site().address(domain, request.scheme)


def home() -> str:
    """Where the index is."""
    return site().home(request.scheme)


def origin() -> str:
    """Scheme and host of this site, for the few places that take no relative address."""
    return f"{request.scheme}://{site().host}"


def request_id() -> str:
    """A name for this request, the same in its answer and in the log."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(6)
    found: str = g.request_id
    return found
