"""Circuits: a generator that keeps ending its worker rests for a while, so that the others can work.

So does one that has held its worker for a minute and given nothing, and for as long again: whatever
it does, the others have half of the time.
"""

from __future__ import annotations

import math
import time
from collections import deque

from ..errors import CircuitOpen

DEATHS, WITHIN_S, REST_S = 3, 60.0, 30.0


class Circuits:
    """One circuit for each domain; the holder's lock guards them."""

    def __init__(self) -> None:
        self._deaths: dict[str, deque[float]] = {}
        self._open_until: dict[str, float] = {}

    def died(self, domain: str, held_s: float = 0.0) -> None:
        """A worker has died over this domain, which had held it for `held_s` seconds.

        The third death in a minute opens its circuit, and so does a minute held.

        After the rest the older deaths still count until their minute is over: one more and it
        opens again.
        """
        now = time.monotonic()
        deaths = self._deaths.setdefault(domain, deque(maxlen=DEATHS))
        deaths.append(now)
        if held_s >= WITHIN_S or (len(deaths) == DEATHS and now - deaths[0] <= WITHIN_S):
            self._open_until[domain] = now + max(REST_S, held_s)

    def check(self, domain: str) -> None:
        """Raises CircuitOpen while the domain rests."""
        left = self.open().get(domain)
        if left is not None:
            raise CircuitOpen(domain, len(self._deaths[domain]), retry_after_s=math.ceil(left))

    def open(self) -> dict[str, float]:
        """The domains that rest, and for how many seconds more."""
        now = time.monotonic()
        return {domain: until - now for domain, until in self._open_until.items() if until > now}
