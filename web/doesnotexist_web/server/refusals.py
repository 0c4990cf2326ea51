"""Refusals in a flood: what the site would say, word for word, for a tenth of the time.

Flask says each of them once; then it is kept, and told with another name and another date.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from flask import Flask, g
from waitress.task import Task
from waitress.utilities import build_http_date
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from doesnotexist.errors import DoesNotExistError

from ..answering import failures
from ..answering.headers import secure
from ..asking.hosts import Hosts
from ..asking.negotiation import JSON, preferred_text
from ..here import new_request_id
from ..operating import logs
from ..operating.figures import Figures

KEPT = 256  # refusals of different words: how many wait is one of them
# They stand for the name of a request and for the date in what is kept.
_NAME, _DATE = b"-" * 12, b"Date: -"


class Refusals:
    """The refusals of an application, as tasks of waitress."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._figures: Figures = app.extensions["doesnotexist.figures"]
        self._hosts: Hosts = app.extensions["doesnotexist.hosts"]
        self._logged = app.extensions["doesnotexist"].settings.log == "json"
        self._said: Callable[..., _Said] = lru_cache(KEPT)(self._say)

    def task(self, request: Any, error: DoesNotExistError, begun: float) -> Callable[[Any, Any], Task]:
        """What makes the task that tells a request of an error; it came in at `begun`, of perf_counter."""
        kind = _text_kind(request.headers.get("ACCEPT", ""))
        said = self._said(kind, type(error), tuple(vars(error).items()))
        return partial(_Refused, said, partial(self._told, begun))

    def _say(self, kind: str, error: type[DoesNotExistError], facts: tuple[tuple[str, Any], ...]) -> _Said:
        with self._app.test_request_context(headers={"Accept": kind}):
            g.request_id = _NAME.decode()
            response = secure(failures.answer(error(**dict(facts))))
        return _Said(response.status, [*response.headers], response.get_data())

    def _told(self, begun: float, request: Any, said: _Said, name: str) -> None:
        """Count it and log it, as every answer is."""
        status, seconds = int(said.status[:3]), time.perf_counter() - begun
        endpoint = "api.generate" if "/generate/" in request.path else "api.image"
        self._figures.answered(endpoint, status, seconds)
        if self._logged:
            host = self._hosts.resolve(request.headers["HOST"]).host
            logs.tell(name, request.command, host, request.path, status, len(said.body), seconds)


@lru_cache(KEPT)
def _text_kind(accept: str) -> str:
    """The media type of the words that are wanted; who wants a page is none of ours."""
    wanted = preferred_text(parse_accept_header(accept, MIMEAccept))
    return "application/json" if wanted == JSON else "text/plain"


@dataclass(frozen=True)
class _Said:
    """What is said, and the bytes of it for each form of HTTP: with whether the connection ends."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    written: dict[tuple[str, str], tuple[bytes, bool]] = field(default_factory=dict)


class _Refused(Task):  # type: ignore[misc]  # waitress has no types
    """The answer to a refused request."""

    complete = True
    close_on_finish = False

    def __init__(
        self, said: _Said, told: Callable[[Any, _Said, str], None], channel: Any, request: Any
    ) -> None:
        super().__init__(channel, request)
        self._said, self._told = said, told

    def execute(self) -> None:
        """Write what is said, with a name and a date of its own."""
        connection = self.request.headers.get("CONNECTION", "").lower()
        form = self.version, connection if connection in ("close", "keep-alive") else ""
        if form not in self._said.written:
            self._said.written[form] = self._write(), self.close_on_finish
        text, self.close_on_finish = self._said.written[form]
        name, date = new_request_id(), build_http_date(self.start_time)
        self.channel.write_soon(text.replace(_NAME, name.encode()).replace(_DATE, f"Date: {date}".encode()))
        self.wrote_header = True
        self._told(self.request, self._said, name)

    def _write(self) -> bytes:
        self.status, self.content_length = self._said.status, len(self._said.body)
        self.response_headers = [*self._said.headers, ("Date", "-")]
        header: bytes = self.build_response_header()
        return header + self._said.body
