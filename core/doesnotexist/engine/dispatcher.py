"""The engine itself: takes batches from the line and gives each to a worker that is free."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from ..cards import ModelCard
from ..errors import DeadlineExceeded, DoesNotExistError, WorkerDied
from ..media import Media
from .finished import Finished
from .jobs import Idle, Job, Outcome, Worker
from .line import Line, Ticket
from .paces import IDLE_BATCH_S

log = logging.getLogger("doesnotexist.engine")

CLOSE_S = 5.0  # what runs may take this long to finish when the engine closes


class Dispatcher:
    """One thread for each worker. `idle` says what to do while no request waits.

    `seal` sees every outcome before anybody else does, and gives what is kept and delivered.
    """

    def __init__(
        self,
        workers: Sequence[Worker],
        *,
        queue_size: int = 256,
        deadline_s: float = 60.0,
        most: Callable[[ModelCard], int] = lambda _card: 8,
        finished: Finished | None = None,
        idle: Idle | None = None,
        seal: Callable[[Job, Outcome], Outcome] = lambda _job, outcome: outcome,
    ) -> None:
        self._workers = workers
        self._line = Line(queue_size, deadline_s, most, len(workers))
        self._finished = finished or Finished()
        self._idle, self._seal = idle, seal
        self._asked: set[Worker] = set()  # those at work on a request, not on something spare
        self._threads = [
            threading.Thread(target=self._drive, args=(worker,), name=f"engine-{index}", daemon=True)
            for index, worker in enumerate(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> Future[Media]:
        key = job.key
        kept = self._finished.get(key)
        if kept is None:
            return self._line.join(job, key)
        future: Future[Media] = Future()
        future.set_result(kept)
        return future

    def shown(self, job: Job, media: Media, more: bool = True) -> None:
        self._finished.put(job.key, media)
        if more:
            self._line.nudge()

    def status(self) -> dict[str, Any]:
        return {
            **asdict(self._line.total()),
            "domains": self._line.figures(),
            "waiting": self._line.depths(),
            "workers": len(self._workers),
            "pids": [worker.pid for worker in self._workers if worker.pid],
            "restarts": sum(worker.restarts for worker in self._workers),
            "models": sorted({name for worker in self._workers for name in worker.loaded}),
            "resting": {domain: round(left, 1) for domain, left in self._line.resting().items()},
            "finished": self._finished.status(),
        }

    def close(self) -> None:
        """Refuse what waits; let requests at work finish, for `CLOSE_S` seconds at most."""
        self._line.stop()
        for worker in self._workers:
            if worker not in self._asked:
                worker.kill()  # nobody waits for what it makes
        until = time.monotonic() + CLOSE_S
        for thread, worker in zip(self._threads, self._workers, strict=True):
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                worker.kill()
                thread.join(CLOSE_S)
        self._finished.close()

    def _drive(self, worker: Worker) -> None:
        while True:
            seen = self._line.changes
            if not self._line.stopped:
                worker.ready(self._line.nudge)
            if batch := self._line.take():
                self._serve(worker, batch)
            elif self._line.stopped:
                break
            elif jobs := self._spare_jobs():
                self._make_spare(worker, jobs)
            else:
                self._line.wait(seen)
        worker.close()

    def _serve(self, worker: Worker, batch: list[Ticket]) -> None:
        self._asked.add(worker)
        jobs = [ticket.job for ticket in batch]
        for ticket, outcome in zip(batch, self._outcomes(worker, jobs), strict=True):
            if isinstance(outcome, Media):
                # before the ticket is finished: whoever comes later finds the one or the other
                self._finished.put(ticket.key, outcome)
            self._line.finish(ticket, outcome)
        self._asked.discard(worker)

    def _spare_jobs(self) -> list[Job]:
        if self._idle is None:
            return []
        return self._idle.wanted(lambda card: self._line.room(card, IDLE_BATCH_S))

    def _make_spare(self, worker: Worker, jobs: list[Job]) -> None:
        for job, outcome in zip(jobs, self._outcomes(worker, jobs), strict=True):
            if isinstance(outcome, Media):
                self._line.made_spare(job)
            if self._idle:
                self._idle.add(job, outcome)

    def _outcomes(self, worker: Worker, jobs: list[Job]) -> Iterator[Outcome]:
        """An outcome for every job, whatever becomes of the worker."""
        card = jobs[0].card
        expected, started, left = self._line.expect(card, len(jobs)), time.monotonic(), len(jobs)
        fault: DoesNotExistError = WorkerDied(card.domain, "gave too little")
        try:
            # the worker is asked first, so that it can end what it does after the last one
            for outcome, job in zip(worker.make(jobs), jobs, strict=False):
                left -= 1
                yield self._seal(job, outcome)
        except (WorkerDied, DeadlineExceeded) as error:
            log.warning("%s: %s", card.reference, error)
            if getattr(error, "blamed", True):
                self._line.died(card.domain, time.monotonic() - started)
            fault = error
        except DoesNotExistError as error:
            fault = error
        except Exception as error:  # the wall of the serving thread: a fault of ours costs a batch
            log.exception("a batch of %s failed", card.reference)
            fault = WorkerDied(card.domain, f"failed: {type(error).__name__}")
        self._line.spent(card, len(jobs) - left, time.monotonic() - started, expected)
        for _ in range(left):
            yield fault
