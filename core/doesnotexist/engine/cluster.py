"""Workers as actors of a Ray cluster: this file alone knows Ray, and imports it inside functions."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

from ..errors import DeadlineExceeded, EngineStopped, WorkerDied
from ..settings import Settings
from ..weights import Store
from .jobs import Job, Outcome
from .loading import Loader, plugins_of
from .maker import Maker, outcomes_of

LOAD_S = 300.0  # at least this long for an actor's first batch: the cluster may have to find it a place

_CONNECTING = threading.Lock()  # each actor has a thread here, and they all begin at once


class Actor:
    """A worker whose models live in an actor, on whatever machine of the cluster has room for it.

    The plugins, and the weights of the models, must be on that machine.
    """

    pid = None

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._handle: Any = None
        self._stopped = False
        self._fresh = True
        self.loaded: tuple[str, ...] = ()
        self.restarts = 0

    def ready(self, fell: Callable[[], None]) -> None:
        """Nothing tells when an actor falls; the next batch finds out."""

    def make(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        import ray

        if self._stopped:
            raise EngineStopped
        if self._handle is None:
            self._start(jobs[0].card.domain)
        limit = LOAD_S if self._fresh else min(self._settings.hang_s, self._settings.deadline_s)
        try:
            outcomes, self.loaded = ray.get(self._handle.make.remote(list(jobs)), timeout=limit)
        except ray.exceptions.GetTimeoutError:
            self._drop()
            raise DeadlineExceeded(limit) from None
        except ray.exceptions.RayError as error:
            self._drop()
            if self._stopped:
                raise EngineStopped from None
            raise WorkerDied(jobs[0].card.domain, f"is lost: {type(error).__name__}") from None
        self._fresh = False
        yield from outcomes

    def kill(self) -> None:
        self._stopped = True
        self._drop()

    def close(self) -> None:
        self.kill()

    def _start(self, domain: str) -> None:
        import ray

        settings = self._settings
        try:
            connect(settings.ray_address)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise WorkerDied(domain, f"has no cluster: {error}", retry_after_s=10) from None
        gpus = 1 if settings.device.startswith("cuda") else 0
        self._handle = ray.remote(num_cpus=1, num_gpus=gpus)(Remote).remote(settings)
        self._fresh = True

    def _drop(self) -> None:
        import ray

        handle, self._handle = self._handle, None
        self.loaded = ()
        if handle is not None:
            self.restarts += not self._stopped
            ray.kill(handle)


def connect(address: str | None) -> None:
    """Connect to the cluster at an address, or to a Ray of one's own; raises what `ray.init` raises."""
    import ray

    with _CONNECTING:
        if not ray.is_initialized():
            connected: Future[None] = Future()
            threading.Thread(target=_hold, args=(address, connected), name="ray", daemon=True).start()
            connected.result()


def _hold(address: str | None, connected: Future[None]) -> None:
    """Connect, and stay: the processes of a local Ray end with the thread that has started them."""
    import ray

    try:
        ray.init(address=address, include_dashboard=False, log_to_driver=False)
    except Exception as error:  # the wall to Ray: whatever it is, it is for whoever asked
        connected.set_exception(ConnectionError(str(error)))
        return
    connected.set_result(None)
    threading.Event().wait()


class Remote:
    """What runs in the actor."""

    def __init__(self, settings: Settings) -> None:
        self._maker = Maker(
            Loader(plugins_of(settings), Store(settings.store), settings.device), settings.model_bytes
        )

    def pid(self) -> int:
        return os.getpid()

    def make(self, jobs: list[Job]) -> tuple[list[Outcome], tuple[str, ...]]:
        """An outcome for each job, and the models that are now in memory."""
        return list(outcomes_of(self._maker, jobs)), self._maker.loaded
