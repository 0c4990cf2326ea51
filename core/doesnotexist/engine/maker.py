"""Where samples are made: loaded models, the wall around plugins' code, and finished media.

A `Maker` is the worker of the thread backend, and it is what runs inside a worker process.
"""

from __future__ import annotations

import gc
import json
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from .. import errors
from ..cards import ModelCard
from ..errors import BadSample, DoesNotExistError, Unmarkable, WorkerDied
from ..generator import Sampler
from ..media import MEDIA_TYPES, Media, Sample, as_json, render
from ..media_faults import MAX_MEDIA_BYTES, media_fault
from ..provenance import mark, record_of
from .jobs import Job, Outcome

_SEVERAL_OF_EVERY_SIZE = 8 * 2**30


class Maker:
    """Makes batches with models that `load` gives, those used last kept within `budget` bytes.

    A model counts as the bytes of its files; the one in use stays, whatever its size. `loaded` is
    called in every batch when its model is in memory, before it is asked for anything. A sampler that
    allows it makes `threads` samples at a time.
    """

    restarts = 0
    pid = None

    def __init__(
        self,
        load: Callable[[ModelCard], Sampler],
        budget: int = _SEVERAL_OF_EVERY_SIZE,
        loaded: Callable[[], object] = lambda: None,
        threads: int = 1,
    ) -> None:
        self._load, self._budget, self._tell_loaded = load, budget, loaded
        self._pool = ThreadPoolExecutor(threads, "maker", _alone) if threads > 1 else None
        self._models: OrderedDict[str, tuple[Sampler, int]] = OrderedDict()
        self.loaded: tuple[str, ...] = ()

    def make(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        sampler = self._sampler(jobs[0].card)
        self._tell_loaded()
        if self._pool and len(jobs) > 1 and getattr(sampler, "side_by_side", False):
            yield from self._pool.map(partial(_one, sampler), jobs)
            return
        for job, sample in zip(jobs, _samples(sampler, jobs), strict=True):
            yield _finished(job, sample)

    def ready(self, fell: Callable[[], None]) -> None:
        """It always is."""

    def kill(self) -> None:
        """A thread cannot be killed: what it does, it finishes."""

    def close(self) -> None:
        self._models.clear()
        self.loaded = ()
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _sampler(self, card: ModelCard) -> Sampler:
        if card.reference in self._models:
            self._models.move_to_end(card.reference)
        else:
            self._make_room(card.size)
            self._models[card.reference] = self._load(card), card.size
        self.loaded = tuple(self._models)
        return self._models[card.reference][0]

    def _make_room(self, size: int) -> None:
        """Forget the models used longest ago, before the next one is read, so that both never coexist."""
        held = sum(size for _, size in self._models.values())
        before = len(self._models)
        while self._models and held + size > self._budget:
            _, (_, freed) = self._models.popitem(last=False)
            held -= freed
        if len(self._models) < before:
            _give_back()


def outcomes_of(maker: Maker, jobs: Sequence[Job]) -> Iterator[Outcome]:
    """As `make`, fit to travel: what ends a batch stands for all that is left of it."""
    left, domain = len(jobs), jobs[0].card.domain
    try:
        for outcome in maker.make(jobs):
            left -= 1
            yield outcome if isinstance(outcome, Media) else _plain(outcome, domain)
    except DoesNotExistError as error:
        fault = _plain(error, domain)
    except OSError as error:  # weights that cannot be read: the next request may find them
        fault = WorkerDied(domain, f"failed: {type(error).__name__}: {error.strerror}", blamed=False)
    for _ in range(left):
        yield fault


def _plain(error: DoesNotExistError, domain: str) -> DoesNotExistError:
    """The error itself if it is one of ours: a plugin's own class may not be known to the receiver."""
    known = type(error).__module__ == errors.__name__
    return error if known else BadSample(domain, f"failed: {type(error).__name__}: {error}")


def _alone() -> None:
    """A thread of several that each make a sample: two of them with two threads each would only wait."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)  # of this thread; others keep theirs


def _one(sampler: Sampler, job: Job) -> Outcome:
    try:
        (sample,) = _samples(sampler, [job])
    except DoesNotExistError as error:
        return error
    return _finished(job, sample)


def _samples(sampler: Sampler, jobs: Sequence[Job]) -> list[Sample]:
    domain = jobs[0].card.domain
    try:
        samples = sampler.sample([job.recipe for job in jobs])
    except DoesNotExistError:
        raise
    except (Exception, SystemExit) as error:  # the plugin wall: sample() may raise anything
        raise _blame(domain, "sample", error) from error
    if not isinstance(samples, list) or len(samples) != len(jobs):
        raise BadSample(domain, f"gave {type(samples).__name__}, not {len(jobs)} samples")
    return samples


def _finished(job: Job, sample: Sample) -> Outcome:
    try:
        return deliver(job, sample)
    except DoesNotExistError as error:
        return error
    except (Exception, SystemExit) as error:  # the plugin wall: encode() and facts() may be a stranger's
        return _blame(job.card.domain, "encode", error)


def deliver(job: Job, sample: Sample) -> Media:
    """A sample as finished media that say what they are.

    Raises BadSample if its bytes are not what they should be.
    """
    if not callable(getattr(sample, "encode", None)) or not callable(getattr(sample, "facts", None)):
        raise BadSample(job.card.domain, f"gave {type(sample).__name__}, which is no sample")
    media = render(sample, job.format, job.size)
    if not isinstance(media.data, bytes) or not 0 < len(media.data) <= MAX_MEDIA_BYTES:
        kind = MEDIA_TYPES[job.format]
        limit = f"1 to {MAX_MEDIA_BYTES} bytes"
        raise BadSample(job.card.domain, f"must give {limit} of {kind}, gave something else")
    # once through JSON: facts are plain data in every backend, and nothing of a plugin's own
    # travels to another process
    facts = json.loads(as_json(media.facts))
    if fault := media_fault(job.format, media.data):  # before a visitor's browser looks at it
        raise BadSample(job.card.domain, fault)
    try:
        data = mark(media.data, media.format, record_of(job.card, job.recipe, facts), job.size)
    except Unmarkable as error:
        raise BadSample(job.card.domain, f"gave {error}") from None
    return Media(data, media.format, facts)


def _give_back() -> None:
    """Let the memory of forgotten models go: frameworks keep it in cycles and in caches of their own."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def _blame(domain: str, what: str, error: BaseException) -> BadSample:
    return BadSample(domain, f"failed to {what}: {type(error).__name__}: {error}")
