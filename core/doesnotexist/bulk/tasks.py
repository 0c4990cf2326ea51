"""Shards made by actors of a Ray cluster, each with a model of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..engine.cluster import connect
from ..errors import WorkerDied
from ..settings import Settings
from ..zoo import Zoo
from .shards import Shards

RETRIES = 3  # of a shard whose actor or machine is lost


def make_on_cluster(settings: Settings, shards: Shards) -> Iterator[int]:
    """Make the missing shards on the cluster; gives the number of samples of each as it is there.

    As many at a time as `settings.replicas`. What is under way when this ends is lost, and is made by
    the next run.
    """
    import ray

    missing = shards.missing
    if not missing:
        return
    try:
        connect(settings.ray_address)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise WorkerDied(shards.order.domain, f"has no cluster: {error}", retry_after_s=10) from None
    kind = ray.remote(
        num_cpus=1,
        num_gpus=1 if settings.device.startswith("cuda") else 0,
        max_restarts=-1,
        max_task_retries=RETRIES,
    )(Shardmaker)
    idle = [kind.remote(settings, shards) for _ in range(min(settings.replicas, len(missing)))]
    busy: dict[Any, Any] = {}
    try:
        while missing or busy:
            while missing and idle:
                actor = idle.pop()
                busy[actor.make.remote(missing.pop(0))] = actor
            (done, *_), _ = ray.wait(list(busy), num_returns=1)
            idle.append(busy.pop(done))
            yield _landed(done, shards.order.domain)
    finally:
        for actor in [*idle, *busy.values()]:
            ray.kill(actor)


def _landed(done: Any, domain: str) -> int:
    import ray

    try:
        count: int = ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.as_instanceof_cause() from None
    except ray.exceptions.RayError as error:
        raise WorkerDied(domain, f"is lost: {type(error).__name__}") from None
    return count


class Shardmaker:
    """What runs in an actor."""

    def __init__(self, settings: Settings, shards: Shards) -> None:
        alone = {"workers": "thread", "threads": 1, "pool_bytes": 0, "media_bytes": 0, "media_cache": None}
        self._zoo = Zoo(settings.model_copy(update=alone))
        self._shards = shards

    def make(self, number: int) -> int:
        return self._shards.make(self._zoo, number)
