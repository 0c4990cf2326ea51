"""What operators look at: whether it is ready, how it is doing, and the same for Prometheus.

`/healthz` (of the API) and `/readyz` are for whoever balances load, and tell a stranger nothing. The
figures of `/status` and `/metrics` say how busy a site is and what is loaded: `settings.status`
decides who may see them, and says nobody unless it is set.
"""

from __future__ import annotations

import ipaddress
import time
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, request
from werkzeug.exceptions import NotFound

from doesnotexist.media import as_json

from .. import here
from ..answering.answers import json_answer
from ..asking.hosts import LOOPBACK
from ..asking.negotiation import HTML, preferred_text
from .figures import Figures

operations = Blueprint("operations", __name__)

# A proxy says that it is one: what came through it did not come from this machine.
_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


def watch(app: Flask) -> None:
    """Count every answer of an application, and how long it took."""
    figures = app.extensions["doesnotexist.figures"] = Figures(app.extensions["doesnotexist"])

    @app.after_request
    def end(response: Response) -> Response:
        # a view that was never reached has no name, and what a stranger calls it is not kept
        seconds = time.perf_counter() - here.begun()
        figures.answered(request.endpoint or "none", response.status_code, seconds)
        return response


@operations.get("/readyz")
def ready() -> Response:
    """Whether requests are welcome: 503 while models are loaded, and when nothing can be made."""
    if reason := here.zoo().not_ready():
        response = json_answer({"status": "not ready", "reason": reason}, 503)
        response.headers["Retry-After"] = "1"
        return response
    return json_answer({"status": "ready"})


@operations.get("/metrics")
def metrics() -> Response:
    """The figures as Prometheus reads them."""
    _check_allowed()
    text, kind = _figures().text()
    return Response(text, content_type=kind, headers={"Cache-Control": "no-store"})


@operations.get("/status")
def status() -> Response:
    """The figures as a page for people, or as JSON for programs."""
    _check_allowed()
    found = here.zoo().status()
    if preferred_text(request.accept_mimetypes) == HTML:
        page = render_template("status.html", status=found, rows=_rows(found), reason=here.zoo().not_ready())
        response = Response(page, mimetype="text/html")
    else:
        # not as other records are told: no page of another site may read it in an operator's browser
        response = Response(as_json(found), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def _figures() -> Figures:
    found: Figures = current_app.extensions["doesnotexist.figures"]
    return found


def _check_allowed() -> None:
    """Raises NotFound for whoever may not see figures; they stand on no domain's own site."""
    allowed = {"public": True, "local": from_here(), "off": False}[here.zoo().settings.status]
    if not allowed or here.site().domain:
        raise NotFound


def from_here() -> bool:
    """Whether a request is from this machine, to this machine's own name, and came directly.

    As far as can be seen: a proxy may say nothing of itself. So an operator has to ask for it.
    """
    direct = not any(name in request.headers for name in _FORWARDED)
    address = request.remote_addr or ""
    try:
        near = ipaddress.ip_address(address).is_loopback
    except ValueError:
        near = False
    return direct and near and here.site().zone in LOOPBACK


def _rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """A row of the page for each domain."""
    rows = []
    for domain in here.zoo().plugins.generators:
        figures = found.get("domains", {}).get(domain, {})
        rows.append(
            {
                "domain": domain,
                "waiting": found.get("waiting", {}).get(domain, 0),
                "pool": found["pool"].get(domain, {}).get("ready", 0),
                "rests": found.get("resting", {}).get(domain),
                "median": _quantile(figures.get("seconds"), 0.5),
                "slowest": _quantile(figures.get("seconds"), 0.99),
                **{name: figures.get(name, 0) for name in ("made", "spare", "refused", "failed", "deaths")},
            }
        )
    return rows


def _quantile(histogram: dict[str, Any] | None, share: float) -> str:
    """In which time this share was done, as far as a histogram knows: "≤ 0.1 s"."""
    if not histogram or not histogram["count"]:
        return ""
    for bound, count in histogram["at_most"]:
        if count >= share * histogram["count"]:
            return f"≤ {bound:g} s"
    return f"> {histogram['at_most'][-1][0]:g} s"
