"""What the engine counts, domain by domain, for operators and their programs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES = (1, 2, 4, 8, 16, 32, 64)


class Histogram:
    """How many values were at most each bound, and their sum; the holder's lock guards it."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def data(self) -> dict[str, Any]:
        """`at_most`: pairs of a bound and the count up to it; `count` and `sum` of all values."""
        running, pairs = 0, []
        for bound, count in zip(self._bounds, self._counts[:-1], strict=True):
            running += count
            pairs.append([bound, running])
        return {"at_most": pairs, "count": running + self._counts[-1], "sum": self._sum}


@dataclass
class Counters:
    """What has become of requests, since the start."""

    made: int = 0
    failed: int = 0
    refused: int = 0  # too many were waiting, or the domain rested
    expired: int = 0  # the deadline passed in the queue
    abandoned: int = 0  # whoever asked was gone before it was begun
    coalesced: int = 0  # equal to a job under way, so not made again
    batches: int = 0
    spare: int = 0  # made while idle, for the pool
    deaths: int = 0  # of workers, over what they were given


@dataclass
class Domain:
    """The figures of one domain."""

    counters: Counters = field(default_factory=Counters)
    seconds: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    """From when it was asked for until it was there, the queue included."""
    sizes: Histogram = field(default_factory=lambda: Histogram(SIZES))
    """Of batches."""


class Figures:
    """The figures of every domain that somebody has asked for."""

    def __init__(self) -> None:
        self._domains: dict[str, Domain] = {}

    def of(self, domain: str) -> Domain:
        """The figures of a domain, to be added to."""
        return self._domains.setdefault(domain, Domain())

    def total(self) -> Counters:
        """The counters of all domains together."""
        names = [field.name for field in fields(Counters)]
        every = [domain.counters for domain in self._domains.values()]
        return Counters(**{name: sum(getattr(one, name) for one in every) for name in names})

    def data(self) -> dict[str, dict[str, Any]]:
        """Domain → counters, `seconds` and `batch` sizes, as JSON data."""
        return {
            name: {**asdict(it.counters), "seconds": it.seconds.data(), "batch": it.sizes.data()}
            for name, it in self._domains.items()
        }
