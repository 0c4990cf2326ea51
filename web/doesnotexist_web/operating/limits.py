"""How much one visitor may ask for: at once, and by `settings.rate_limit` in a while.

The table is in memory, so a limit is one process's; `serve` is one process.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from threading import Lock

from flask import Flask, request
from werkzeug.exceptions import TooManyRequests

from .. import here

MAX_BODY = 64 * 1024  # bytes of any body but a file for /verify; a batch may have this many
DEARER = 10  # what a series, a batch or a file to look at counts as
VISITORS = 10_000  # who are remembered; the one who was heard of longest ago is forgotten first
_DEAR = frozenset({"play", "streams"})  # blueprints
_FREE = frozenset({"static", "api.health", "operations.ready", "operations.metrics"})
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class Meter:
    """Who has asked for how much lately: `count` requests each `period`, at once or spread out.

    A leaky bucket with one number for a visitor, the time when it will be empty (the generic cell rate
    algorithm of ITU-T I.371, annex A). Threads may share one.

    Ours, as the memory of `limits` 5.8 has no bound, needs threads, and goes by a clock that can jump.
    """

    def __init__(self, rate: str) -> None:
        count, self.period = rate.split("/")
        self.count, self._seconds = int(count), _SECONDS[self.period]
        self._empty_at: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def ask(self, visitor: str, cost: int = 1) -> float:
        """The seconds until `visitor` may ask for this, 0 if that is now; only then it is counted."""
        cost_s = min(cost, self.count) * self._seconds / self.count
        now = time.monotonic()
        with self._lock:
            filled = max(now, self._empty_at.get(visitor, now)) + cost_s
            wait_s = max(0.0, filled - now - self._seconds)
            if not wait_s:
                self._empty_at[visitor] = filled
            self._empty_at.move_to_end(visitor)  # who was refused is there already
            if len(self._empty_at) > VISITORS:
                self._empty_at.popitem(last=False)
        return wait_s

    def __len__(self) -> int:
        return len(self._empty_at)


def limit(app: Flask, rate: str) -> None:
    """Refuse with 429 what goes beyond `rate`, such as "300/minute"."""
    meter = app.extensions["doesnotexist.meter"] = Meter(rate)

    @app.before_request
    def check() -> None:
        if request.endpoint in _FREE or here.ordered():  # what is ordered already was counted then
            return
        wait_s = math.ceil(meter.ask(visitor(request.remote_addr or ""), DEARER if _is_dear() else 1))
        if wait_s:
            told = f"One address may ask for {meter.count} requests each {meter.period}"
            raise TooManyRequests(f"{told}; try again in {wait_s} s.", retry_after=wait_s)


def _is_dear() -> bool:
    """Whether a request may cost many generations, or a look at megabytes."""
    batch = request.endpoint == "api.generate" and "count" in request.args
    file = request.endpoint == "verify.show" and request.method == "POST"
    return request.blueprint in _DEAR or batch or file


def visitor(address: str) -> str:
    """Who asks from an address: it, or of IPv6 the network of which one household has every address."""
    try:
        if ipaddress.ip_address(address).version == 6:
            return str(ipaddress.ip_network((address, 64), strict=False))
    except ValueError:
        return address[:64]
    return address
