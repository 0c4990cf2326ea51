"""The engine: queue → batch → worker.

line          jobs that wait: equal ones together, a fair turn for each domain, bounded
  figures     what is counted, for operators
  paces       how long samples take: sizes of batches, whose turn it is
  circuits    domains that rest after too many deaths
dispatcher    takes batches from the line and gives each to a worker
maker         makes a batch with loaded models: the worker of the thread backend
process       a worker whose maker lives in a child process
  child       what runs in there
deployments   workers whose models are Ray Serve deployments
  cluster     the Ray cluster that they are on
pool          fresh samples, made while nothing waits
sharing       one fresh sample for all who wait, when everything is full
finished      media that were made already, in memory and in a folder
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..cards import ModelCard
from ..settings import Settings
from .dispatcher import Dispatcher
from .finished import Finished
from .folder import Folder
from .jobs import Engine, Idle, Job, Outcome, Worker, wait
from .loading import Loader, cores
from .maker import Maker, deliver
from .pool import Fresh, Pool
from .sharing import Sharing

__all__ = [
    "Dispatcher",
    "Engine",
    "Finished",
    "Folder",
    "Fresh",
    "Idle",
    "Job",
    "Loader",
    "Maker",
    "Outcome",
    "Pool",
    "Sharing",
    "Worker",
    "deliver",
    "open_engine",
    "wait",
]


def open_engine(
    settings: Settings,
    load: Callable[[str], Loader],
    most: Callable[[ModelCard], int],
    idle: Idle | None = None,
    release: str = "",
    seal: Callable[[Job, Outcome], Outcome] = lambda _job, outcome: outcome,
) -> Engine:
    """The engine of these settings; `load` gives what loads models on a device, for the thread backend.

    `release` names the software: media that another release has left in the folder are not used. `seal`
    is done to every outcome, here and not in a worker, before it is kept.
    """
    folder = settings.media_cache
    return Dispatcher(
        _workers(settings, load),
        queue_size=settings.queue_size,
        deadline_s=settings.deadline_s,
        most=most,
        finished=Finished(
            settings.media_bytes, Folder(folder, settings.media_cache_bytes, release) if folder else None
        ),
        idle=idle,
        seal=seal,
    )


def _workers(settings: Settings, load: Callable[[str], Loader]) -> Sequence[Worker]:
    devices = settings.device.split(",")
    if settings.workers == "process":
        from .process import Child

        return [Child(settings, device, devices.count(device)) for device in devices]
    if settings.workers == "ray":
        from .deployments import callers

        return callers(settings)
    threads = max(1, (settings.threads or cores()) // len(devices))
    return [Maker(load(device), settings.model_bytes, threads=threads) for device in devices]
