"""The engine: queue → batch → worker.

`ThreadEngine` is the backend for the command line, tests and small sites: one thread owns the
models and takes from a bounded queue, a batch of one model at a time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Protocol

from .cards import ModelCard
from .errors import (
    BadSample,
    DeadlineExceeded,
    DoesNotExistError,
    EngineStopped,
    PluginBroken,
    QueueFull,
)
from .generator import Sampler
from .media import MEDIA_TYPES, Media, Sample, render
from .recipe import Recipe

MAX_MEDIA_BYTES = 32 * 2**20  # a 2048 px PNG of noise is 12 MB


@dataclass(frozen=True)
class Job:
    """One sample of one model in one format, `size` pixels a side (None: as it comes)."""

    card: ModelCard
    recipe: Recipe
    format: str
    size: int | None = None


@dataclass(frozen=True)
class Model:
    """A loaded model, and how many recipes it takes at once."""

    sampler: Sampler
    max_batch: int


class Engine(Protocol):
    """What the zoo needs of a backend."""

    def submit(self, job: Job) -> Future[Media]:
        """Queue a job. Raises QueueFull at once when too many wait, EngineStopped after close.

        The future raises DeadlineExceeded, BadSample, PluginBroken, or what loading raised.
        """

    def close(self) -> None:
        """Refuse what waits, finish what runs, free the models."""


@dataclass
class _Ticket:
    job: Job
    expires: float  # monotonic seconds; the time in the queue counts
    future: Future[Media] = field(default_factory=Future)


class ThreadEngine:
    """One worker thread with a bounded queue; `load` gives the model of a card on first use."""

    def __init__(
        self, load: Callable[[ModelCard], Model], queue_size: int = 64, deadline_s: float = 60.0
    ) -> None:
        self._load = load
        self._queue_size, self._deadline_s = queue_size, deadline_s
        self._waiting: deque[_Ticket] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._models: dict[str, Model] = {}
        self._batch_s = 0.1  # how long a batch took lately, for Retry-After
        self._worker = threading.Thread(target=self._work, name="engine", daemon=True)
        self._worker.start()

    def submit(self, job: Job) -> Future[Media]:
        ticket = _Ticket(job, time.monotonic() + self._deadline_s)
        with self._changed:
            if self._stopped:
                raise EngineStopped
            depth = len(self._waiting)
            if depth >= self._queue_size:
                raise QueueFull(depth, retry_after_s=1 + int(depth * self._batch_s))
            self._waiting.append(ticket)
            self._changed.notify()
        return ticket.future

    def close(self) -> None:
        with self._changed:
            self._stopped = True
            left, self._waiting = self._waiting, deque()
            self._changed.notify()
        for ticket in left:
            _fail(ticket, EngineStopped())
        self._worker.join()
        self._models.clear()

    def _work(self) -> None:
        while batch := self._next_batch():
            started = time.monotonic()
            self._serve(batch)
            self._batch_s += 0.2 * (time.monotonic() - started - self._batch_s)

    def _next_batch(self) -> list[_Ticket]:
        """Wait for work, then take the oldest job and others of its model; empty when stopped."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or self._stopped)
                self._drop_expired()
                if self._waiting:
                    return self._take()
                if self._stopped:
                    return []

    def _drop_expired(self) -> None:
        now = time.monotonic()
        kept: deque[_Ticket] = deque()
        for ticket in self._waiting:
            if ticket.expires < now:
                _fail(ticket, DeadlineExceeded(self._deadline_s))
            elif not ticket.future.cancelled():
                kept.append(ticket)
        self._waiting = kept

    def _take(self) -> list[_Ticket]:
        reference = self._waiting[0].job.card.reference
        loaded = self._models.get(reference)
        room = loaded.max_batch if loaded else 1  # the first picture of a model comes soonest alone
        batch: list[_Ticket] = []
        kept: deque[_Ticket] = deque()
        for ticket in self._waiting:
            fits = len(batch) < room and ticket.job.card.reference == reference
            (batch if fits else kept).append(ticket)
        self._waiting = kept
        return batch

    def _serve(self, batch: list[_Ticket]) -> None:
        batch = [t for t in batch if t.future.set_running_or_notify_cancel()]
        if not batch:
            return
        domain = batch[0].job.card.domain
        try:
            samples = self._sample(batch)
        except DoesNotExistError as error:
            for ticket in batch:
                ticket.future.set_exception(error)
            return
        for ticket, sample in zip(batch, samples, strict=True):
            try:
                ticket.future.set_result(deliver(ticket.job, sample))
            except DoesNotExistError as error:
                ticket.future.set_exception(error)
            except Exception as error:  # the plugin wall: encode() and facts() may be a stranger's
                ticket.future.set_exception(_blame(domain, "encode", error))

    def _sample(self, batch: list[_Ticket]) -> list[Sample]:
        card = batch[0].job.card
        if card.reference not in self._models:
            self._models[card.reference] = self._load(card)
        sampler = self._models[card.reference].sampler
        try:
            samples = sampler.sample([ticket.job.recipe for ticket in batch])
        except DoesNotExistError:
            raise
        except Exception as error:  # the plugin wall: sample() may raise anything
            raise _blame(card.domain, "sample", error) from error
        if not isinstance(samples, list) or len(samples) != len(batch):
            raise BadSample(card.domain, f"gave {type(samples).__name__}, not {len(batch)} samples")
        return samples


def deliver(job: Job, sample: Sample) -> Media:
    """A sample as finished media; raises BadSample if its bytes are not what they should be."""
    if not callable(getattr(sample, "encode", None)) or not callable(getattr(sample, "facts", None)):
        raise BadSample(job.card.domain, f"gave {type(sample).__name__}, which is no sample")
    media = render(sample, job.format, job.size)
    if not isinstance(media.data, bytes) or not 0 < len(media.data) <= MAX_MEDIA_BYTES:
        kind = MEDIA_TYPES[job.format]
        limit = f"1 to {MAX_MEDIA_BYTES} bytes"
        raise BadSample(job.card.domain, f"must give {limit} of {kind}, gave something else")
    return media


def load_model(domain: str, load: Callable[[], Sampler], max_batch: int) -> Model:
    """A model from a generator's `load`, which may be a stranger's; raises PluginBroken."""
    try:
        return Model(load(), max(1, max_batch))
    except DoesNotExistError:
        raise
    except Exception as error:  # the plugin wall: load() may raise anything
        raise PluginBroken(domain, f"load failed: {type(error).__name__}: {error}") from error


def wait(future: Future[Media], deadline_s: float) -> Media:
    """The result of a future; gives up, and takes the job back, after `deadline_s` seconds."""
    try:
        return future.result(timeout=deadline_s)
    except (TimeoutError, CancelledError):
        future.cancel()
        raise DeadlineExceeded(deadline_s) from None


def _fail(ticket: _Ticket, error: DoesNotExistError) -> None:
    if ticket.future.set_running_or_notify_cancel():
        ticket.future.set_exception(error)


def _blame(domain: str, what: str, error: Exception) -> BadSample:
    return BadSample(domain, f"failed to {what}: {type(error).__name__}: {error}")
