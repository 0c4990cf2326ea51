"""A model of the site in a few lines, and the engine beside it: do they agree?

    python benchmarks/simulate.py

The engine is the real one; its generator sleeps for a fixed time and makes a grey square, so that the
processor of a busy machine has no say in it. Each scene is run by both.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from doesnotexist import ModelCard, Picture, Recipe, Zoo
from doesnotexist.engine import Dispatcher, Job, Maker, Pool
from doesnotexist.errors import DoesNotExistError
from doesnotexist.media import Media


@dataclass(frozen=True)
class Scene:
    """`rate` requests a second for `seconds`, to a worker that takes `each` seconds for a sample.

    `queue` of them may wait, and `pool` samples are ready at the beginning.
    """

    name: str
    rate: float
    seconds: float
    each: float = 0.02
    queue: int = 24
    pool: int = 0

    def arrivals(self) -> Iterator[float]:
        """Moments of requests; a crowd comes as it likes (Poisson)."""
        chance, now = random.Random(7), 0.0  # noqa: S311 - to be repeated, not to be secret
        while (now := now + chance.expovariate(self.rate)) < self.seconds:
            yield now


BATCH = 8  # samples at most, as the engine takes them

SCENES = [
    Scene("half of what it can", rate=25, seconds=8),
    Scene("nearly all it can", rate=45, seconds=8),
    Scene("five times", rate=250, seconds=8),
    Scene("a burst on a full pool", rate=150, seconds=2, pool=200),
    Scene("a longer burst", rate=150, seconds=5, pool=200),
]


@dataclass
class Result:
    """What came of a scene; `waits` in seconds, of those that were served."""

    waits: list[float]
    refused: int
    pooled: int
    seconds: float

    def row(self) -> str:
        ordered = sorted(self.waits) or [0.0]
        p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        return (
            f"served {len(self.waits) / self.seconds:6.1f}/s  refused {self.refused:5}  "
            f"from the pool {self.pooled:4}  p50 {p50 * 1e3:6.0f} ms  p99 {p99 * 1e3:6.0f} ms"
        )


def simulate(scene: Scene) -> Result:
    """One worker that takes what waits in batches, and refills the pool only while nothing does."""
    result = Result([], 0, 0, scene.seconds)
    pool, free_at = float(scene.pool), 0.0  # samples ready; when the worker is done with what it has
    waiting: deque[float] = deque()  # when they came

    def work_until(now: float) -> None:
        nonlocal free_at
        while waiting and max(free_at, waiting[0]) <= now:
            start = max(free_at, waiting[0])
            batch = [waiting.popleft() for _ in range(BATCH) if waiting and waiting[0] <= start]
            free_at = start + scene.each * len(batch)
            result.waits += [free_at - came for came in batch]

    for now in scene.arrivals():
        work_until(now)
        if free_at < now:  # idle since: it refilled
            pool, free_at = min(scene.pool, pool + (now - free_at) / scene.each), now
        if pool >= 1:
            pool -= 1
            result.pooled += 1
            result.waits.append(0.0)
        elif len(waiting) >= scene.queue:
            result.refused += 1
        else:
            waiting.append(now)
    work_until(float("inf"))
    return result


class Sleepy:
    """Takes its time, and no processor."""

    def __init__(self, each: float) -> None:
        self.each = each

    def sample(self, recipes: list[Recipe]) -> list[Picture]:
        time.sleep(self.each * len(recipes))
        return [Picture(np.full((8, 8, 3), recipe.seed % 256, np.uint8)) for recipe in recipes]


def measure(scene: Scene, card: ModelCard) -> Result:
    """The same with the engine itself."""
    result, lock = Result([], 0, 0, scene.seconds), threading.Lock()
    seeds = iter(range(10**9))

    def job() -> Job:
        return Job(card, Recipe(card.id, card.digest, next(seeds), {}), "jpeg")

    maker = Maker(lambda _card: Sleepy(scene.each))  # type: ignore[arg-type, return-value]
    (sample,) = maker.make([job()])
    size = len(sample.data) + 1024 if isinstance(sample, Media) else 0
    pool = Pool(int(scene.pool * size * 1.02), lambda: [card.domain], lambda _: job())
    engine = Dispatcher([maker], queue_size=scene.queue, idle=pool if scene.pool else None)
    for _ in range(4):
        engine.submit(job()).result()  # its pace is known
    if scene.pool:
        _fill(pool, card, scene.pool)

    def ask(due: float) -> None:
        pooled = pool.pop(card) if scene.pool else None
        if pooled:
            engine.shown(job(), pooled.media, more=pool.low(card.domain))
        try:
            future: Future[Media] | None = None if pooled else engine.submit(job())
            if future:
                future.result()
            with lock:
                result.waits.append(time.perf_counter() - due)
                result.pooled += pooled is not None
        except DoesNotExistError:
            with lock:
                result.refused += 1

    started = time.perf_counter()
    with ThreadPoolExecutor(64) as callers:
        for moment in scene.arrivals():
            time.sleep(max(0.0, started + moment - time.perf_counter()))
            callers.submit(ask, started + moment)
    engine.close()
    return result


def _fill(pool: Pool, card: ModelCard, count: int) -> None:
    while pool.status().get(card.domain, {"ready": 0})["ready"] < count * 0.98:
        time.sleep(0.2)


def main() -> None:
    with Zoo() as zoo:
        card = zoo.card("faces")
    ways: dict[str, Callable[[Scene], Result]] = {
        "model": simulate,
        "engine": lambda scene: measure(scene, card),
    }
    for scene in SCENES:
        print(f"{scene.name}: {scene.rate:g}/s for {scene.seconds:g} s, worker {1 / scene.each:.0f}/s")
        for name, way in ways.items():
            print(f"  {name:7} {way(scene).row()}")


if __name__ == "__main__":
    main()
