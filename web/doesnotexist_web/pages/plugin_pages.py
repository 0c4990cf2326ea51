"""`/plugins`: which plugins this site runs, and what became of each.

A visitor reads a plain sentence. The reason, the version and the place of a fault are for whoever asks
from this machine, even where figures are public: an exception's words may hold anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import NotFound

from doesnotexist.media import as_json
from doesnotexist.plugins import PluginState

from .. import here
from ..asking.negotiation import HTML, preferred_text
from ..operating.operations import from_here

plugin_pages = Blueprint("plugin_pages", __name__)

PLAIN: Mapping[str, str] = {
    "ready": "It is at work.",
    "disabled": "It is installed, and not switched on here.",
    "incompatible": "It was written for another version of this program.",
    "broken": "It cannot be used; the others do not mind.",
    "conflict": "It wants a name that another one has.",
}


@plugin_pages.get("/plugins")
def plugins() -> Response:
    """Every plugin with its state, as a page for people or as JSON for programs."""
    if here.site().domain:
        raise NotFound
    operator = here.zoo().settings.status != "off" and from_here()
    rows = [_row(state, operator) for state in here.zoo().plugins.states]
    if preferred_text(request.accept_mimetypes) == HTML:
        page = render_template("plugins.html", rows=rows, operator=operator)
        response = Response(page, mimetype="text/html")
    else:
        response = Response(as_json(rows), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def _row(state: PluginState, operator: bool) -> dict[str, Any]:
    row = {
        "name": state.name,
        "state": state.state,
        "domains": list(state.domains),
        "told": PLAIN[state.state],
    }
    if operator:
        row |= {
            "distribution": state.distribution,
            "version": state.version,
            "reason": state.reason,
            "file": state.file,
        }
    return row
