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

MEMORY = 0.995  # how much of the demand so far still counts after one more: the last few hundred do
FLOOR = 10  # a domain counts as if this many had asked for it: nobody's first visit finds it dry
LOW = 0.9  # of its share: below it a domain is filled up again, with batches and not one by one
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
        self.demand = 0.0
        self.each = 0.0  # bytes of a sample, lately; 0 before the first
        self.share = 0.0  # of the budget, when that was last looked at
        self.filling = True
        self.given = self.dry = 0  # how often somebody asked and had one, or found none

    def expected(self) -> float:
        """Bytes, with those that are just being made."""
        return self.bytes + self.coming * self.each

    def lacks(self, bytes: float) -> int:
        """How many samples more fit in so many bytes; the first is made to see how large they are."""
        if not self.each:
            return 0 if self.coming else 1
        return max(0, int((bytes - self.expected()) / self.each))

    @property
    def low(self) -> bool:
        return self.filling or self.expected() < LOW * self.share

    def wants(self) -> int:
        """How many samples it wants: none from when it is full until it is low."""
        lacks = self.lacks(self.share)
        self.filling = bool(lacks) and self.low
        return lacks if self.filling else 0

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
            if not stock.ready:
                stock.dry += 1
                return None
            stock.given += 1
            return stock.drop()

    def low(self, domain: str) -> bool:
        """Whether a domain wants to be filled up."""
        with self._lock:
            return self._stocks[domain].low

    def wanted(self, room: Callable[[ModelCard], int]) -> list[Job]:
        domains = self._domains() if self._budget else []
        while True:
            with self._lock:
                domain, most = self._neediest([d for d in domains if d not in self._resting])
            if not most:
                return []
            try:
                jobs = [self._order(domain)]
                jobs += [self._order(domain) for _ in range(min(most, room(jobs[0].card)) - 1)]
            except DoesNotExistError:
                self._resting.add(domain)
                continue
            with self._lock:
                self._begun(domain, jobs)
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
                stock.each = stock.each + 0.2 * (size - stock.each) if stock.each else size
                if stock.bytes + size <= self._budget:
                    stock.bytes += size
                    stock.ready.append(Fresh(job.recipe, outcome))

    def status(self) -> dict[str, Any]:
        """What is ready in each domain, how often it was given, and how often it was dry, as JSON data."""
        with self._lock:
            return {
                domain: {"ready": len(s.ready), "bytes": s.bytes, "given": s.given, "dry": s.dry}
                for domain, s in self._stocks.items()
            }

    def _begun(self, domain: str, jobs: list[Job]) -> None:
        stock, reference = self._stocks[domain], jobs[0].card.reference
        self._current = domain
        stock.coming += len(jobs)
        if stock.reference != reference:
            stock.clear(reference)

    def _neediest(self, domains: list[str]) -> tuple[str, int]:
        """The domain to fill next, and with how many: none if all have their share. The lock is held."""
        stocks = {domain: self._stocks.setdefault(domain, _Stock()) for domain in domains}
        total = sum(FLOOR + stock.demand for stock in self._stocks.values())

        for stock in self._stocks.values():
            stock.share = self._budget * (FLOOR + stock.demand) / total
        hungry = [d for d, s in stocks.items() if s.wants()]
        if not hungry:
            return "", 0
        domain = min(hungry, key=lambda d: (bool(stocks[d].expected()), d != self._current))
        stock = stocks[domain]
        held = sum(stock.expected() for stock in self._stocks.values())
        most = min(stock.lacks(stock.share), stock.lacks(self._budget - held + stock.expected()))
        if most:
            return domain, most
        # full, of what is not wanted any more
        rich = max(self._stocks.values(), key=lambda s: s.bytes / s.share)
        if rich.bytes <= TOO_MUCH * rich.share:
            return "", 0
        while rich.ready and held + stock.each > self._budget:
            held -= _size(rich.drop().media)
        return domain, 1


def _size(media: Media) -> int:
    return len(media.data) + 1024  # about what the facts and the objects around them take
