"""Errors as answers: a status, what was expected, what was found, and never a stack trace or a path."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import Any

from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from doesnotexist.errors import (
    DeadlineExceeded,
    DiskFull,
    DoesNotExistError,
    DownloadFailed,
    EngineError,
    HostForeign,
    HostMalformed,
    InvalidParameter,
    LicenceNotAccepted,
    ModelGone,
    PluginError,
    QueueFull,
    UnknownDomain,
    UnknownModel,
    WeightsMissing,
)

from ..asking.negotiation import HTML, JSON, preferred_text
from ..here import request_id
from .answers import json_answer
from .headers import public

log = logging.getLogger("doesnotexist.web")

# The nearest class in an error's family decides; whatever is not here is a fault of ours, 500.
STATUS: dict[type[DoesNotExistError], int] = {
    InvalidParameter: 400,
    HostMalformed: 400,
    HostForeign: 421,
    UnknownDomain: 404,
    UnknownModel: 404,
    ModelGone: 410,
    WeightsMissing: 503,
    DownloadFailed: 503,
    DiskFull: 503,
    LicenceNotAccepted: 503,
    EngineError: 503,
    DeadlineExceeded: 504,
    PluginError: 502,
}
# What is said where Werkzeug would have words of its own.
OURS = {
    400: "This cannot be read; the body of a request must be what its Content-Type says.",
    404: "There is nothing at this address.",
}
# What a plugin or a weight file says in its own words may hold the places of files.
_PATH = re.compile(r"(?<![\w@.:/])(?:[A-Za-z]:)?(?:[\\/][^\s\\/:'\"<>|]+){2,}")


@dataclass(frozen=True)
class Failure:
    """An error, ready to be told: `detail` is one sentence for a stranger."""

    status: int
    detail: str
    facts: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What HTTP calls this status."""
        return HTTP_STATUS_CODES.get(self.status, "Error")


def answer(error: Exception) -> Response:
    """The answer to a request that failed, as a page, as JSON or as a line of text."""
    failure = failure_of(error)
    kind = preferred_text(request.accept_mimetypes)
    if kind == HTML:
        response = Response(render_template("error.html", failure=failure), failure.status)
    elif kind == JSON:
        response = json_answer(problem(failure), failure.status, "application/problem+json")
    else:
        line = f"{failure.status} {failure.title}: {failure.detail}\n"
        response = Response(line, failure.status, mimetype="text/plain")
    if kind != HTML:
        public(response)
    response.headers.update(failure.headers)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def failure_of(error: Exception) -> Failure:
    """What may be told about an error; what may not goes to the log, under the request's id."""
    if isinstance(error, DoesNotExistError):
        return _ours(error)
    if isinstance(error, HTTPException) and error.code:
        keep = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After")}
        usual = error.description == type(error).description
        detail = OURS.get(error.code) if usual else None
        return Failure(error.code, detail or error.description or "", headers=keep)
    log.error("request %s failed", request_id(), exc_info=error)
    return Failure(500, f"Something went wrong here. Request {request_id()} is in the log.")


def _ours(error: DoesNotExistError) -> Failure:
    family = (STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    status = next(family, 500)
    facts: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if (wait_s := getattr(error, "retry_after_s", None)) is not None:
        headers["Retry-After"] = str(wait_s)
    match error:
        case InvalidParameter():
            facts = {"field": error.field, "expected": error.expected}
            status = 422 if request.method == "POST" else status  # the body is JSON, but says what cannot be
        case UnknownDomain():
            facts = {"known": list(error.known)}
            status = 503 if error.reason else status
        case QueueFull():
            headers["X-Queue-Depth"] = str(error.depth)
    if status >= 500 and not isinstance(error, QueueFull):  # a flood must not fill the log as well
        log.warning("request %s: %s: %s", request_id(), type(error).__name__, ascii(str(error)))
    return Failure(status, without_paths(str(error)), facts, headers)


def without_paths(text: str) -> str:
    """`text` with the places of files taken out."""
    return _PATH.sub("…", text)


def problem(failure: Failure) -> dict[str, Any]:
    """Problem details as of RFC 9457, as JSON data."""
    return {
        "type": "about:blank",
        "title": failure.title,
        "status": failure.status,
        "detail": failure.detail,
        "request_id": request_id(),
        **failure.facts,
    }
