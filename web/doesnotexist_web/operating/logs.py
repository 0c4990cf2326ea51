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

from flask import Flask, Response, request

from .. import here

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
    app.after_request(_told)


def _told(response: Response) -> Response:
    path, size = request.script_root + request.path, response.content_length
    seconds = time.perf_counter() - here.begun()
    tell(here.request_id(), request.method, here.site().host, path, response.status_code, size, seconds)
    return response


def tell(
    request_id: str, method: str, host: str, path: str, status: int, size: int | None, seconds: float
) -> None:
    """Log one request and its answer, of `size` bytes."""
    facts = {
        "request_id": request_id,
        "method": method[:16],
        "host": host,
        "path": path[:MAX_PATH],
        "status": status,
        "bytes": size,
        "ms": round(seconds * 1000, 1),
    }
    _requests.info("request", extra={"facts": facts})
