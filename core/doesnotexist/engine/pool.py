"""The pool: finished samples that nobody has seen, so that a visitor need not wait for one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from ..cards import ModelCard
from ..errors import DoesNotExistError
from ..media import Media
from ..recipe import Recipe
from .jobs import Job, Outcome

MEMORY = 0.995  # how much of the demand so far still counts after one more: that of the last few hundred
GUESS = 64 * 1024  # bytes of a sample, before the first
TOO_MUCH = 1.5  # times its share: what a domain holds beyond that, it gives up for one in want


class Fresh(NamedTuple):
    """A finished sample and the recipe to make it again."""

    recipe: Recipe
    media: Media


class _Stock:
    """What one domain has; the pool's lock guards it."""

    def __init__(self) -> None:
        self.ready: deque[Fresh] = deque()
        self.reference = ""  # of the model that made them
        self.bytes = 0
        self.coming = 0
        self.demand = 1.0  # one for all: a domain that nobody has asked for yet is not left dry
        self.each = float(GUESS)

    def expected(self) -> float:
        """Bytes, with those that are just being made."""
        return self.bytes + self.coming * self.each

    def drop(self) -> Fresh:
        fresh = self.ready.popleft()
        self.bytes -= _size(fresh.media)
        return fresh

    def clear(self, reference: str) -> None:
        self.ready.clear()
        self.bytes, self.reference = 0, reference


class Pool:
    """`budget` bytes of samples, shared by the domains as visitors ask for them.

    `domains` says which may be filled, `order` gives a job for a new sample of one.
    """

    def __init__(self, budget: int, domains: Callable[[], list[str]], order: Callable[[str], Job]) -> None:
        self._budget, self._domains, self._order = budget, domains, order
        self._lock = threading.Lock()
        self._stocks: dict[str, _Stock] = {}
        self._current = ""  # the domain filled last: to stay with it spares loading models in turn
        self._resting: set[str] = set()  # domains that failed, until somebody asks for them again

    def pop(self, card: ModelCard) -> Fresh | None:
        """A sample that was never given before, of this model, the domain's own of today."""
        with self._lock:
            for stock in self._stocks.values():
                stock.demand *= MEMORY
            stock = self._stocks.setdefault(card.domain, _Stock())
            stock.demand += 1
            self._resting.discard(card.domain)
            if stock.reference != card.reference:
                stock.clear(card.reference)
            return stock.drop() if stock.ready else None

    def wanted(self, room: Callable[[ModelCard], int]) -> list[Job]:
        domains = self._domains() if self._budget else []
        with self._lock:
            domain = self._neediest([d for d in domains if d not in self._resting])
        if domain is None:
            return []
        try:
            jobs = [self._order(domain)]
            jobs += [self._order(domain) for _ in range(room(jobs[0].card) - 1)]
        except DoesNotExistError:
            self._resting.add(domain)
            return []
        with self._lock:
            self._current = domain
            stock = self._stocks[domain]
            stock.coming += len(jobs)
            if stock.reference != jobs[0].card.reference:
                stock.clear(jobs[0].card.reference)
        return jobs

    def add(self, job: Job, outcome: Outcome) -> None:
        domain = job.card.domain
        with self._lock:
            stock = self._stocks[domain]
            stock.coming -= 1
            if not isinstance(outcome, Media):
                self._resting.add(domain)  # not to fail again and again while nobody asks
            elif stock.reference == job.card.reference:
                size = _size(outcome)
                stock.each += 0.2 * (size - stock.each)
                stock.bytes += size
                stock.ready.append(Fresh(job.recipe, outcome))

    def status(self) -> dict[str, Any]:
        """Count and bytes of each domain, as JSON data."""
        with self._lock:
            stocks = dict(self._stocks)
            return {d: {"ready": len(s.ready), "bytes": s.bytes} for d, s in stocks.items()}

    def _neediest(self, domains: list[str]) -> str | None:
        """The domain to fill next, None if all have their share. The lock is held."""
        stocks = {domain: self._stocks.setdefault(domain, _Stock()) for domain in domains}
        total = sum(stock.demand for stock in self._stocks.values())

        def share(stock: _Stock) -> float:
            return self._budget * stock.demand / total

        hungry = [d for d, s in stocks.items() if s.expected() + s.each <= share(s)]
        if not hungry:
            return None
        held = sum(stock.expected() for stock in self._stocks.values())
        domain = min(hungry, key=lambda d: (bool(stocks[d].expected()), d != self._current))
        if held + stocks[domain].each <= self._budget:
            return domain
        # full, of what is not wanted any more
        rich = max(self._stocks.values(), key=lambda s: s.bytes / share(s))
        if rich.bytes <= TOO_MUCH * share(rich):
            return None
        rich.drop()
        return domain


def _size(media: Media) -> int:
    return len(media.data) + 1024  # about what the facts and the objects around them take
