"""What the parts of the engine say to each other: jobs and outcomes, the engine and its workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ..cards import ModelCard
from ..errors import DeadlineExceeded, DoesNotExistError
from ..media import Media
from ..recipe import Recipe

Outcome = Media | DoesNotExistError
Result = TypeVar("Result")


@dataclass(frozen=True)
class Job:
    """One sample of one model in one format, `size` pixels a side (None: as it comes)."""

    card: ModelCard
    recipe: Recipe
    format: str
    size: int | None = None

    @property
    def key(self) -> str:
        """The name of what it makes: equal jobs make equal bytes. Safe as the name of a file."""
        return f"{self.recipe.digest}-{self.format}-{self.size or 'full'}"


class Engine(Protocol):
    """What the zoo needs of a backend."""

    def submit(self, job: Job) -> Future[Media]:
        """Queue a job; equal jobs under way are made once. Cancelling the future takes it back.

        Raises at once QueueFull when too many wait, CircuitOpen while the domain rests after too
        many deaths, EngineStopped after close. The future raises DeadlineExceeded, WorkerDied,
        BadSample, PluginBroken, or what loading raised.
        """

    def shown(self, job: Job, media: Media, more: bool = True) -> None:
        """Keep media that were made while idle, now that somebody has them; `more`: others are wanted."""

    def status(self) -> dict[str, Any]:
        """Figures, as JSON data."""

    def close(self) -> None:
        """Refuse what waits, finish what runs, free the models."""


class Worker(Protocol):
    """Makes batches. It is called from one thread; `kill` may be called from any."""

    loaded: tuple[str, ...]
    """References of the models in its memory, the most recently used last."""
    restarts: int
    """How often it had to be started again."""

    @property
    def pid(self) -> int | None:
        """The process id of where it works, if that is another process."""

    def ready(self, fell: Callable[[], None]) -> None:
        """Get up, if it is not, and call `fell` should it fall again; never raises."""

    def make(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """One outcome for each job, in order, each as soon as it is there. The jobs are of one model.

        Raises what ends the whole batch: WorkerDied or DeadlineExceeded when the worker is gone,
        or what loading or sampling raised.
        """

    def kill(self) -> None:
        """End what it does at once, if that can be done."""

    def close(self) -> None:
        """Free the models; it will not be asked again."""


class Idle(Protocol):
    """What idle workers do. It is asked only while no request waits."""

    def wanted(self, room: Callable[[ModelCard], int]) -> list[Job]:
        """Jobs of one model, at most `room` of it, so that no request waits long; empty for none."""

    def add(self, job: Job, outcome: Outcome) -> None:
        """Take what has become of a wanted job."""


def wait(future: Future[Result], deadline_s: float) -> Result:
    """The result of a future; gives up, and takes the job back, after `deadline_s` seconds."""
    try:
        return future.result(timeout=deadline_s)
    except (TimeoutError, CancelledError):
        future.cancel()
        raise DeadlineExceeded(deadline_s) from None
