"""Workers on a Ray cluster: each model is a Ray Serve deployment, which gets batches by its handle.

Serve finds replicas a place, adds and takes away as the load asks for, and replaces those that die.
"""

from __future__ import annotations

import logging
import re
import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from ..cards import ModelCard
from ..errors import DeadlineExceeded, EngineStopped, QueueFull, WorkerDied
from ..settings import Settings
from ..weights import Store
from .cluster import connect, device_there, place
from .jobs import Job, Outcome
from .loading import Loader, plugins_of
from .maker import Maker, outcomes_of

SHARE = 0.2  # of a core, that a replica reserves: all five of our domains fit on one, as they rarely all work
IN_FLIGHT = 2  # batches given to a replica: while one is made, the next is on its way
LOAD_S = 120.0  # to load a model
PLACE_S = 300.0  # for a batch to come back, if the cluster has to find, or to start, a machine first


class Deployments:
    """The deployments of one engine, a Serve application for each model, begun when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._handles: dict[str, Any] = {}
        self._names: list[str] = []
        self._lock = threading.Lock()
        self.closed = False

    @property
    def models(self) -> tuple[str, ...]:
        """References of those that were deployed."""
        return tuple(self._handles)

    def handle(self, card: ModelCard) -> Any:
        """What takes batches of a model; raises WorkerDied without a cluster, EngineStopped."""
        with self._lock:
            if self.closed:
                raise EngineStopped
            if card.reference not in self._handles:
                connect(self.settings.ray_address, card.domain)
                self._handles[card.reference] = self._deploy(card)
            return self._handles[card.reference]

    def forget(self, card: ModelCard) -> None:
        """A deployment is not there any more: the next batch deploys it again."""
        with self._lock:
            self._handles.pop(card.reference, None)

    def close(self) -> None:
        with self._lock:
            self.closed = True
            left, self._names = self._names, []
            self._handles.clear()
        for name in left:
            with suppress(Exception):  # the wall to Ray: what is gone need not be deleted
                from ray import serve

                serve.delete(name, _blocking=False)

    def _deploy(self, card: ModelCard) -> Any:
        from ray import serve

        settings = self.settings
        if not self._names:
            # the site is in front of it; and it would warn of every replica that is busy
            serve.start(proxy_location="Disabled", logging_config={"log_level": "ERROR"})
            logging.getLogger("ray.serve").setLevel(logging.ERROR)
        deployment = serve.deployment(
            Replica,
            name="replica",
            ray_actor_options=place(settings, SHARE),
            max_ongoing_requests=IN_FLIGHT,
            max_queued_requests=settings.queue_size,
            autoscaling_config={
                "min_replicas": settings.min_replicas,
                "initial_replicas": max(1, settings.min_replicas),
                "max_replicas": settings.max_replicas,
                "target_ongoing_requests": 0.7,  # batches, on average: busy for so much of its time
                "metrics_interval_s": 2,
                "look_back_period_s": 10,
                "upscale_delay_s": 5,  # a link that goes viral does so in seconds
            },
            health_check_period_s=1,
            graceful_shutdown_timeout_s=5,
        )
        name = _new_name(card)
        target = serve.RunTarget(deployment.bind(settings), name=name, route_prefix=None)
        (handle,) = serve.run_many([target], wait_for_applications_running=False)
        self._names.append(name)
        # Serve makes a handle's router at its first use, without a lock: threads that come at once would each
        # make one. The controller keeps one report of load for a handle, whichever came last, perhaps that of
        # an idle one; and what waits in one starves. So it is made here, while nobody else has the handle.
        return handle.options()


def _new_name(card: ModelCard) -> str:
    """The name of an application, never used before: Serve may still be at work on ending the last one."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", f"doesnotexist {card.reference} {secrets.token_hex(4)}")


def callers(settings: Settings) -> list[Caller]:
    """Workers enough to keep busy as many replicas as there may be of a model."""
    deployments = Deployments(settings)
    return [Caller(deployments) for _ in range(IN_FLIGHT * settings.max_replicas)]


class Caller:
    """A worker that has no models itself: it gives each batch to a replica, and waits."""

    pid = None

    def __init__(self, deployments: Deployments) -> None:
        self._deployments = deployments
        self._stopped = False
        self._response: Any = None
        self.loaded: tuple[str, ...] = ()
        self.restarts = 0

    def ready(self, fell: Callable[[], None]) -> None:
        """Serve looks after replicas that fall."""

    def make(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        try:
            outcomes = self._ask(jobs)
        except WorkerDied as death:
            if not death.blamed:
                raise
            outcomes = self._ask(jobs)  # a machine may go at any time: what was lost is made again, once
        self.loaded = self._deployments.models
        yield from outcomes

    def kill(self) -> None:
        self._stopped = True
        if self._response is not None:
            self._response.cancel()

    def close(self) -> None:
        self.kill()
        self._deployments.close()

    def _ask(self, jobs: Sequence[Job]) -> list[Outcome]:
        from ray.exceptions import RayError
        from ray.serve.exceptions import BackPressureError, RayServeException, RequestCancelledError

        card = jobs[0].card
        try:
            self._response = self._deployments.handle(card).remote(list(jobs))
            outcomes: list[Outcome] = self._response.result(timeout_s=PLACE_S)
        except TimeoutError:
            self._response.cancel()
            raise DeadlineExceeded(PLACE_S) from None
        except BackPressureError:
            raise QueueFull(self._deployments.settings.queue_size, retry_after_s=1) from None
        except (RayError, RayServeException, RequestCancelledError) as error:
            if self._stopped:
                raise EngineStopped from None
            if isinstance(error, RayServeException):
                self._deployments.forget(card)
            self.restarts += 1
            raise WorkerDied(card.domain, f"is lost: {type(error).__name__}") from None
        return outcomes


class Replica:
    """What runs on the cluster: one model, loaded for the first batch, so that what fails is told there.

    Its plugin, and the weights, must be on that machine.
    """

    def __init__(self, settings: Settings) -> None:
        patience = min(settings.hang_s, settings.deadline_s)
        self._maker = Maker(
            Loader(plugins_of(settings), Store(settings.store), device_there(settings)),
            loaded=lambda: _end_this_process_in(patience),
            threads=settings.threads or 1,
        )
        self._turn = threading.Lock()

    def __call__(self, jobs: list[Job]) -> list[Outcome]:
        """An outcome for each job; the process ends if that takes too long."""
        with self._turn:
            _end_this_process_in(LOAD_S)
            try:
                return list(outcomes_of(self._maker, jobs))
            finally:
                _end_this_process_in(0)


def _end_this_process_in(seconds: float) -> None:
    """Have the system do it, so that it is also done to one that hangs in native code; 0 for never."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
