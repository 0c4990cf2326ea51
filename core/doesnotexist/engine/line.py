"""The line: jobs that wait, equal ones together, each domain with its own room and its fair turn."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..cards import ModelCard
from ..errors import DeadlineExceeded, DoesNotExistError, EngineStopped, QueueFull
from ..media import Media
from .circuits import Circuits
from .figures import Counters, Figures
from .jobs import Job, Outcome
from .paces import Paces


@dataclass(eq=False)
class Caller:
    """Somebody who waits for a job; its future stays pending until the end, so it can be cancelled."""

    deadline_s: float
    future: Future[Media] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.asked = time.monotonic()
        self.expires = self.asked + self.deadline_s


@dataclass(eq=False)
class Ticket:
    """A job in the line, and all who wait for it; `number` counts up."""

    job: Job
    key: str
    number: int
    callers: list[Caller]


class Line:
    """Jobs that wait. `queue_size` of them may wait in each domain.

    `most` is how many of a model a batch may hold.
    """

    def __init__(
        self, queue_size: int, deadline_s: float, most: Callable[[ModelCard], int], workers: int = 1
    ) -> None:
        self._queue_size, self._deadline_s = queue_size, deadline_s
        self._most, self._workers = most, workers
        self._lanes: dict[str, deque[Ticket]] = {}  # by model reference; no lane is empty
        self._flying: dict[str, Ticket] = {}  # waiting and at work, by key
        self._number = 0
        self._changed = threading.Condition()
        self.changes = 0
        self.stopped = False
        self._figures = Figures()
        self._paces = Paces()
        self._circuits = Circuits()
        self._left: set[str] = set()  # domains that somebody has left since they were last looked through

    def join(self, job: Job, key: str) -> Future[Media]:
        """Raises QueueFull, CircuitOpen, EngineStopped."""
        caller = Caller(self._deadline_s)
        caller.future.add_done_callback(partial(self._note_leaving, job.card.domain))
        with self._changed:
            if self.stopped:
                raise EngineStopped
            if key in self._flying:
                self._flying[key].callers.append(caller)
                self._count(job).coalesced += 1
                return caller.future
            late = self._admit(job)
            self._number += 1
            ticket = self._flying[key] = Ticket(job, key, self._number, [caller])
            self._lanes.setdefault(job.card.reference, deque()).append(ticket)
            self._wake()
        self._tell_late(late)
        return caller.future

    def _note_leaving(self, domain: str, future: Future[Media]) -> None:
        if future.cancelled():
            self._left.add(domain)

    def take(self) -> list[Ticket]:
        """A batch of one model, of the domain that has had the least time; empty if nothing waits."""
        late: list[Caller] = []
        batch: list[Ticket] = []
        with self._changed:
            while self._lanes and not batch:
                batch = self._cut(min(self._lanes, key=self._turn), late)
            if batch:
                figures = self._figures.of(batch[0].job.card.domain)
                figures.counters.batches += 1
                figures.sizes.add(len(batch))
        self._tell_late(late)
        return batch

    def finish(self, ticket: Ticket, outcome: Outcome) -> None:
        """Tell everybody who waits for a ticket what has become of it."""
        now = time.monotonic()
        with self._changed:
            self._flying.pop(ticket.key, None)
            if isinstance(outcome, Media):
                self._count(ticket.job).made += 1
                for caller in ticket.callers:
                    self._figures.of(ticket.job.card.domain).seconds.add(now - caller.asked)
            else:
                self._count(ticket.job).failed += 1
        _tell(ticket.callers, outcome)

    def expect(self, card: ModelCard, count: int) -> float:
        """A batch begins: counts, and returns, the seconds that it will probably take."""
        with self._changed:
            return self._paces.turn(card, count)

    def spent(self, card: ModelCard, count: int, seconds: float, expected: float) -> None:
        """A batch has ended, after `seconds`."""
        with self._changed:
            self._paces.spent(card, count, seconds, expected)

    def room(self, card: ModelCard, seconds: float) -> int:
        """How many samples of a model are made in about `seconds`, one at least."""
        with self._changed:
            return self._paces.room(card, self._most(card), seconds)

    def died(self, domain: str, held_s: float = 0.0) -> None:
        """A worker has died over this domain, after `held_s` seconds; if that opens its circuit, what
        waits is refused."""
        with self._changed:
            self._figures.of(domain).counters.deaths += 1
            self._circuits.died(domain, held_s)
            if domain not in self._circuits.open():
                return
            left = [ticket for lane in self._lanes_of(domain) for ticket in self._clear(lane)]
        for ticket in left:
            try:
                self._circuits.check(domain)
            except DoesNotExistError as error:
                self.finish(ticket, error)

    def resting(self) -> dict[str, float]:
        """Domains whose circuit is open, and for how many seconds."""
        with self._changed:
            return self._circuits.open()

    def made_spare(self, job: Job) -> None:
        """A sample was made while nobody waited."""
        with self._changed:
            self._count(job).spare += 1

    def total(self) -> Counters:
        """What has become of all requests."""
        with self._changed:
            return self._figures.total()

    def figures(self) -> dict[str, dict[str, Any]]:
        """The figures of each domain, as JSON data."""
        with self._changed:
            return self._figures.data()

    def depths(self) -> dict[str, int]:
        """How many jobs wait in each domain."""
        depths: dict[str, int] = {}
        with self._changed:
            for lane in self._lanes.values():
                domain = lane[0].job.card.domain
                depths[domain] = depths.get(domain, 0) + len(lane)
        return depths

    def nudge(self) -> None:
        """Wake who waits for a change."""
        with self._changed:
            self._wake()

    def wait(self, seen: int) -> None:
        """Wait until there have been other than `seen` changes."""
        with self._changed:
            self._changed.wait_for(lambda: self.changes != seen)

    def stop(self) -> None:
        """Refuse what comes from now on, and what waits."""
        with self._changed:
            self.stopped = True
            left = [ticket for lane in list(self._lanes) for ticket in self._clear(lane)]
            self._wake()
        for ticket in left:
            self.finish(ticket, EngineStopped())

    # Below, the lock is held.

    def _count(self, job: Job) -> Counters:
        return self._figures.of(job.card.domain).counters

    def _wake(self) -> None:
        self.changes += 1
        self._changed.notify_all()

    def _admit(self, job: Job) -> list[Caller]:
        """Raises if there is no room for a job; returns who was found to be late on the way."""
        domain = job.card.domain
        lanes = self._lanes_of(domain)
        late: list[Caller] = []
        try:
            self._circuits.check(domain)
            depth = sum(len(self._lanes[lane]) for lane in lanes)
            if depth >= self._queue_size and self._worth_purging(domain, lanes):
                late = self._purge(lanes)
                depth = sum(len(self._lanes.get(lane, ())) for lane in lanes)
            # a place in the line is worth nothing if its turn comes after the deadline
            seconds = self._seconds(job.card, depth)
            if depth >= self._queue_size or seconds > self._deadline_s:
                raise QueueFull(depth, retry_after_s=1 + int(min(seconds, self._deadline_s)))
        except DoesNotExistError:
            self._count(job).refused += 1
            self._tell_late(late)
            raise
        if not depth:
            self._paces.enter(domain)
        return late

    def _seconds(self, card: ModelCard, depth: int) -> float:
        """How long `depth` jobs like this will take, when the domains that wait share the workers."""
        domains = {lane[0].job.card.domain for lane in self._lanes.values()} | {card.domain}
        return depth * self._paces.of(card) * len(domains) / self._workers

    def _lanes_of(self, domain: str) -> list[str]:
        return [name for name, lane in self._lanes.items() if lane[0].job.card.domain == domain]

    def _turn(self, reference: str) -> tuple[float, int]:
        first = self._lanes[reference][0]
        return self._paces.used(first.job.card.domain), first.number

    def _cut(self, reference: str, late: list[Caller]) -> list[Ticket]:
        lane = self._lanes[reference]
        card = lane[0].job.card
        room = self._paces.room(card, self._most(card))
        batch: list[Ticket] = []
        while lane and len(batch) < room:
            ticket = lane.popleft()
            if self._wanted(ticket, late):
                batch.append(ticket)
        if not lane:
            del self._lanes[reference]
        return batch

    def _wanted(self, ticket: Ticket, late: list[Caller]) -> bool:
        """Whether anybody still waits for a ticket; those whose deadline has passed are put in `late`."""
        now = time.monotonic()
        here = [caller for caller in ticket.callers if not caller.future.cancelled()]
        ticket.callers = [caller for caller in here if caller.expires >= now]
        late += [caller for caller in here if caller.expires < now]
        if not ticket.callers:
            self._flying.pop(ticket.key, None)
            self._count(ticket.job).expired += bool(here)
            self._count(ticket.job).abandoned += not here
        return bool(ticket.callers)

    def _worth_purging(self, domain: str, references: Iterable[str]) -> bool:
        """Whether anybody in the lanes of a domain has gone or is late; to look at all costs, in a flood."""
        left = domain in self._left
        self._left.discard(domain)
        now = time.monotonic()
        return left or any(self._lanes[name][0].callers[0].expires < now for name in references)

    def _purge(self, references: Iterable[str]) -> list[Caller]:
        late: list[Caller] = []
        for reference in references:
            kept = deque(t for t in self._lanes.pop(reference) if self._wanted(t, late))
            if kept:
                self._lanes[reference] = kept
        return late

    def _clear(self, reference: str) -> deque[Ticket]:
        return self._lanes.pop(reference)

    def _tell_late(self, late: list[Caller]) -> None:
        if late:
            _tell(late, DeadlineExceeded(self._deadline_s))


def _tell(callers: list[Caller], outcome: Outcome) -> None:
    for caller in callers:
        if not caller.future.set_running_or_notify_cancel():
            continue
        if isinstance(outcome, Media):
            caller.future.set_result(outcome)
        else:
            # each gets its own: raising one error in a thousand threads would tangle their tracebacks
            caller.future.set_exception(copy(outcome))
