"""Before a request has a thread: pictures are ordered, and what cannot be made is refused.

waitress gives every request a thread, in which Flask takes a quarter of a millisecond, and which then waits
for its picture. In a flood the refusals alone would leave the worker no time, and those who wait would hold
the threads of the pages. Here, in the loop that reads requests, a picture is ordered for a tenth of that: who
waits for it has no thread yet, and who is refused never gets one. Everything else passes by.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import lru_cache, partial
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask
from waitress.task import WSGITask
from werkzeug.datastructures import MIMEAccept, MultiDict
from werkzeug.http import parse_accept_header
from werkzeug.middleware.proxy_fix import ProxyFix

from doesnotexist import Zoo
from doesnotexist.errors import CircuitOpen, QueueFull
from doesnotexist.media import check_format
from doesnotexist.zoo import Coming

from ..asking.hosts import Hosts, at_path
from ..asking.negotiation import HTML, preferred_text
from ..asking.orders import Order, ask, read_order
from ..operating.limits import Meter, visitor
from .refusals import Refusals
from .turns import doors_of

log = logging.getLogger("doesnotexist.web")

SWEEP_S = 1.0  # how often it is looked who has gone, and whose time is over

# Two addresses of api.py, where it is said what they mean.
_GENERATE = re.compile(r"/generate/([^/]+)")
_IMAGE = re.compile(r"/image(?:\.([^/]+))?")


def order_early(server: Any, app: Flask) -> None:
    """Have a server order pictures before it gives their requests a thread."""
    for door in doors_of(server):
        gate = Gate(app, door.add_task, door.trigger.pull_trigger)
        door.add_task, door.readable = gate, partial(_readable, gate, door.readable)


def _readable(gate: Gate, usual: Callable[[], bool]) -> bool:
    gate.sweep()  # here the loop comes by in every turn
    return usual()


class Gate:
    """Called with each connection that has a request: it goes `to_thread`, waits here, or is refused.

    `in_loop` has something done in the thread of the server's loop.
    """

    def __init__(
        self, app: Flask, to_thread: Callable[[Any], None], in_loop: Callable[[Callable[[], None]], None]
    ) -> None:
        self._zoo: Zoo = app.extensions["doesnotexist"]
        self._hosts: Hosts = app.extensions["doesnotexist.hosts"]
        self._refusals = Refusals(app)
        self._meter: Meter | None = app.extensions.get("doesnotexist.meter")
        # an application that says no more than who asks, behind as many proxies as the real one
        self._address: Any = ProxyFix(_address, x_for=self._zoo.settings.proxies)
        self._to_thread, self._in_loop = to_thread, in_loop
        self._waiting: dict[Any, tuple[Coming, float]] = {}
        self._swept = time.perf_counter()
        self._refused: deque[Any] = deque()
        self._lock = threading.Lock()

    def __call__(self, channel: Any) -> None:
        begun, request = time.perf_counter(), channel.requests[0]
        known: dict[str, Any] = {"doesnotexist.begun": begun}
        channel.task_class = partial(_Task, known)
        try:
            order = self._read(request)
            coming = ask(self._zoo, order) if order and self._within_limit(channel, request) else None
        except (QueueFull, CircuitOpen) as error:
            channel.task_class = self._refusals.task(request, error, begun)
            if channel.total_outbufs_len:  # the loop would wait until it is read, and itself has to send it
                return self._to_thread(channel)
            return self._refuse(channel)
        except Exception:  # the wall: whatever is wrong with a request, Flask finds it again and tells it
            coming = None
        if coming is None:
            return self._to_thread(channel)
        known["doesnotexist.coming"] = coming
        self._waiting[channel] = coming, begun + self._zoo.settings.deadline_s
        return coming.future.add_done_callback(partial(self._ready, channel))

    def sweep(self) -> None:
        """Take back what was ordered by those who have gone, or have waited too long."""
        now = time.perf_counter()
        if now - self._swept < SWEEP_S:
            return
        self._swept = now
        for channel, (coming, until) in list(self._waiting.items()):
            if not channel.connected or now > until:
                coming.future.cancel()

    def _ready(self, channel: Any, _: Future[Any]) -> None:
        del self._waiting[channel]
        self._to_thread(channel)

    def _read(self, request: Any) -> Order | None:
        """The order in a request that waitress has parsed, if it is for one picture; raises if it is bad."""
        headers = request.headers
        if request.error or request.command != "GET" or "IF_NONE_MATCH" in headers:
            return None
        site, path = at_path(self._hosts.resolve(headers.get("HOST", "")), request.path)
        found = _GENERATE.fullmatch(path) or _IMAGE.fullmatch(path)
        if not found or _wants_page(headers.get("ACCEPT", "")):  # a refusal, too, is a page then
            return None
        # as werkzeug reads it
        query = MultiDict(parse_qsl(request.query, keep_blank_values=True, errors="werkzeug.url_quote"))
        generator = self._zoo.generator(site.domain) if site.domain else None
        if found.re is _GENERATE:
            return None if "count" in query else read_order(self._zoo, found[1], query)
        if generator is None:
            return None
        format = check_format(found[1], generator.formats) if found[1] else None
        return read_order(self._zoo, generator.domain, query, format=format, strict=False)

    def _within_limit(self, channel: Any, request: Any) -> bool:
        """Whether a visitor may ask for one more; whoever may not is told so by Flask, which asks again."""
        if self._meter is None:
            return True
        passed_on = request.headers.get("X_FORWARDED_FOR")
        environ = {"REMOTE_ADDR": channel.addr[0], "HTTP_X_FORWARDED_FOR": passed_on}
        (address,) = self._address(environ, None)
        return not self._meter.ask(visitor(address))

    def _refuse(self, channel: Any) -> None:
        with self._lock:
            first = not self._refused
            self._refused.append(channel)
        if first:  # else the loop comes to it; it is not done here, where waitress holds a lock
            self._in_loop(self._tell_refused)

    def _tell_refused(self) -> None:
        more = True
        while more:
            _tell(self._refused[0])
            with self._lock:
                self._refused.popleft()
                more = bool(self._refused)


def _tell(channel: Any) -> None:
    try:
        channel.service()
        if channel.connected:
            channel.handle_write()
    except Exception:  # the wall: the fault of one connection must not keep the others waiting
        log.exception("a refusal could not be told")
        channel.handle_close()


def _address(environ: dict[str, Any], _: Any) -> list[Any]:
    return [environ["REMOTE_ADDR"]]


@lru_cache(256)
def _wants_page(accept: str) -> bool:
    return preferred_text(parse_accept_header(accept, MIMEAccept)) == HTML


class _Task(WSGITask):  # type: ignore[misc]  # waitress has no types
    """A request for Flask, with what is known of it already."""

    def __init__(self, known: dict[str, Any], channel: Any, request: Any) -> None:
        super().__init__(channel, request)
        self._known = known

    def get_environment(self) -> dict[str, Any]:
        """The environment that PEP 3333 asks for, and what is known."""
        environ: dict[str, Any] = super().get_environment()
        return environ | self._known
