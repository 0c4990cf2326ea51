"""Shards made by tasks of a Ray cluster: as many at a time as it has room for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from ..engine.cluster import connect, device_there, place
from ..errors import DoesNotExistError, WorkerDied
from ..settings import Settings
from ..zoo import Zoo
from .shards import Shard, Shards

RETRIES = 3  # of a shard whose process or machine is lost
WAITING = 1000  # shards that the cluster knows of: enough for it to see how many machines are wanted


def make_on_cluster(settings: Settings, shards: Shards) -> Iterator[int]:
    """Make the missing shards on the cluster; gives the number of samples of each as it is there.

    What is under way when this ends is lost, and is made by the next run. Raises WorkerDied if there
    is no cluster, or a shard's process is lost again and again, and what making samples raises.
    """
    missing = shards.missing
    if not missing:
        return
    import ray

    connect(settings.ray_address, shards.order.domain)
    task = ray.remote(**place(settings), max_retries=RETRIES)(make_one)
    alone = _alone(settings).model_dump_json()
    begun = (task.remote(alone, shards.shard(number)) for number in missing)
    waiting = list(islice(begun, WAITING))
    try:
        while waiting:
            (done,), waiting = ray.wait(waiting)
            waiting += islice(begun, 1)
            yield _landed(done, shards.order.domain)
        shards.sweep()
    finally:
        for unfinished in waiting:
            ray.cancel(unfinished, force=True)


def make_one(settings: str, shard: Shard) -> int:
    """What runs on the cluster: makes one shard; returns how many samples it has."""
    return shard.make(_zoo(settings))


@cache
def _zoo(settings: str) -> Zoo:
    """The zoo of this process, its model in memory for the next shard."""
    return Zoo(Settings.model_validate_json(settings))


def _alone(settings: Settings) -> Settings:
    """The settings of a process that is one of many."""
    alone = {
        "workers": "thread",
        "device": device_there(settings),
        "threads": settings.threads or 1,
        "pool_bytes": 0,
        "media_bytes": 0,
        "media_cache": None,
    }
    return settings.model_copy(update=alone)


def _landed(done: Any, domain: str) -> int:
    import ray

    try:
        count: int = ray.get(done)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, DoesNotExistError):
            raise error.cause from None
        raise WorkerDied(domain, f"failed: {type(error.cause).__name__}: {error.cause}") from None
    except ray.exceptions.RayError as error:
        raise WorkerDied(domain, f"is lost: {type(error).__name__}") from None
    return count
