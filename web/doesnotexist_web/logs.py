"""Logs as lines of JSON: one for every request, one for every event.

No query, no address, no header is ever written: a log that knows no visitor cannot leak one. What a
stranger did choose, the path, is cut short and escaped, so that nobody can forge a line.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request

from . import here

MAX_PATH = 200  # letters of a path that are kept

_requests = logging.getLogger("doesnotexist.requests")


class JsonLines(logging.Formatter):
    """A record as one line of ASCII; `facts` of the record stand beside its message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)  # ASCII alone: control characters are escaped


def log_as_json(app: Flask) -> None:
    """Have everything that is logged, and every request, told on standard error."""
    root = logging.getLogger()
    if not any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        root.addHandler(handler)
    logging.getLogger("doesnotexist").setLevel(logging.INFO)
    app.before_request(_begin)
    app.after_request(_told)


def _begin() -> None:
    g.logged_from = time.perf_counter()


def _told(response: Response) -> Response:
    begun = g.get("logged_from", time.perf_counter())
    facts = {
        "request_id": here.request_id(),
        "method": request.method[:16],
        "host": here.site().host,
        "path": (request.script_root + request.path)[:MAX_PATH],
        "status": response.status_code,
        "bytes": response.content_length,
        "ms": round((time.perf_counter() - begun) * 1000, 1),
    }
    _requests.info("request", extra={"facts": facts})
    return response
