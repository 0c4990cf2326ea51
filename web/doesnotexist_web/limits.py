"""How much one visitor may ask for: `settings.rate_limit` for each address, or no limit.

The table is in memory, so a limit is one process's; `serve` is one process.
"""

from __future__ import annotations

import ipaddress
import math
import time
from typing import TYPE_CHECKING

from flask import Flask, request
from werkzeug.exceptions import TooManyRequests

if TYPE_CHECKING:
    from flask_limiter import RequestLimit

DEARER = 10  # what a series, a batch or a file to look at counts as
_DEAR = frozenset({"play", "streams"})  # blueprints
_FREE = frozenset({"static", "api.health", "operations.ready", "operations.metrics"})


def limit(app: Flask, rate: str) -> None:
    """Refuse with 429 what goes beyond `rate`, such as "300/minute"."""
    from flask_limiter import Limiter

    limiter = Limiter(
        _visitor,
        application_limits=[rate],
        application_limits_cost=lambda: DEARER if _is_dear() else 1,
        storage_uri="memory://",
        strategy="sliding-window-counter",
        on_breach=_refuse,
    )
    limiter.request_filter(lambda: request.endpoint in _FREE)
    limiter.init_app(app)


def _is_dear() -> bool:
    """Whether a request may cost many generations, or a look at megabytes."""
    batch = request.endpoint == "api.generate" and "count" in request.args
    file = request.endpoint == "verify.show" and request.method == "POST"
    return request.blueprint in _DEAR or batch or file


def _visitor() -> str:
    """The address of a visitor; of IPv6 the network of which one household has every address."""
    address = request.remote_addr or ""
    try:
        if ipaddress.ip_address(address).version == 6:
            return str(ipaddress.ip_network((address, 64), strict=False))
    except ValueError:
        return address[:64]
    return address


def _refuse(breached: RequestLimit) -> None:
    wait_s = max(1, math.ceil(breached.reset_at - time.time()))
    rate = f"{breached.limit.amount} requests each {breached.limit.GRANULARITY.name}"
    raise TooManyRequests(f"One address may ask for {rate}; try again in {wait_s} s.", retry_after=wait_s)
