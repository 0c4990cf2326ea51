"""The API described: as an OpenAPI document for programs, and as a page for people."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from .. import here
from ..answering.answers import json_answer
from .openapi import document

reference = Blueprint("reference", __name__)

# Swagger UI (Apache-2.0) as it was published: its icons come as data, and pictures that were tried as blobs.
_POLICY = (
    "default-src 'none'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@reference.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI 3.1 document of this site."""
    site = here.site()
    server = here.address(site.domain) if site.domain else here.home()
    # browsers find names below localhost by themselves, most other programs do not
    example = here.home() if site.zone == "localhost" else server
    return json_answer(document(here.zoo(), site.domain, server, example))


@reference.get("/docs")
def docs() -> Response:
    """The same as a page where every request can be tried."""
    title = here.generator().title if here.site().domain else "Things that do not exist"
    response = Response(render_template("docs.html", title=title), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response
