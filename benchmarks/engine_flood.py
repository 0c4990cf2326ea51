"""Overload: several times more requests than can be made, for a while, through the engine alone.

    python benchmarks/engine_flood.py --domain faces --times 5 --seconds 60

First the unloaded rate is measured with just enough callers to keep the worker busy. Then distinct
seeds come at a fixed multiple of it, each from a caller of its own, and it is counted what becomes
of them. Goodput is what was made and delivered before its deadline.
"""

from __future__ import annotations

import argparse
import resource
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from load import quantiles

from doesnotexist import Settings, Zoo
from doesnotexist.errors import DoesNotExistError, QueueFull


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--domain", default="faces")
    options.add_argument("--times", type=float, default=5)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--queue", type=int, default=64)
    options.add_argument("--workers", default="process")
    given = options.parse_args()
    settings = Settings.read(workers=given.workers, queue_size=given.queue, deadline_s=10)
    with Zoo(settings) as zoo:
        if failed := zoo.warm([given.domain]):
            raise SystemExit(str(failed[given.domain]))
        seeds = count()
        unloaded = closed_loop(zoo, given.domain, seeds, min(10.0, given.seconds))
        print(f"unloaded: {unloaded:.1f} samples/s")
        flood(zoo, given.domain, seeds, given.times * unloaded, given.seconds, unloaded)


def closed_loop(zoo: Zoo, domain: str, seeds: Iterator[int], seconds: float, callers: int = 16) -> float:
    """Samples a second with so many callers that each ask again when they have been served."""
    end = time.monotonic() + seconds

    def ask(_: int) -> int:
        made = 0
        while time.monotonic() < end:
            zoo.render(zoo.recipe(domain, next(seeds)))
            made += 1
        return made

    with ThreadPoolExecutor(callers) as pool:
        return sum(pool.map(ask, range(callers))) / seconds


class Tally:
    """What became of requests, and how long refusals took."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.outcomes: Counter[str] = Counter()
        self.refusals: list[float] = []
        self.made: list[float] = []

    def ask(self, zoo: Zoo, domain: str, seed: int) -> None:
        started = time.monotonic()
        try:
            zoo.render(zoo.recipe(domain, seed))
            outcome = "made"
        except DoesNotExistError as error:
            outcome = type(error).__name__
            full = isinstance(error, QueueFull)
        took = time.monotonic() - started
        with self.lock:
            self.outcomes[outcome] += 1
            if outcome == "made":
                self.made.append(took)
            elif full:
                self.refusals.append(took)


def flood(zoo: Zoo, domain: str, seeds: Iterator[int], rate: float, seconds: float, unloaded: float) -> None:
    tally, memory = Tally(), memory_of(zoo)
    started = time.monotonic()
    # requests at fixed times, whatever becomes of those before: a crowd does not wait politely
    with ThreadPoolExecutor(2 * zoo.settings.queue_size + 64) as pool:
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, started + number / rate - time.monotonic()))
            pool.submit(tally.ask, zoo, domain, next(seeds))
        offered = time.monotonic() - started
    goodput = tally.outcomes["made"] / (time.monotonic() - started)
    print(f"offered: {rate:.1f}/s for {offered:.0f} s; outcomes: {dict(tally.outcomes)}")
    print(f"goodput: {goodput:.1f}/s, {goodput / unloaded:.0%} of the unloaded rate")
    print(f"refused in: {quantiles(tally.refusals)}; made in: {quantiles(tally.made)}")
    print(f"memory, MB: {memory} before, {memory_of(zoo)} after")
    status = zoo.status()
    print({name: status[name] for name in ("made", "refused", "expired", "abandoned", "batches", "restarts")})


def memory_of(zoo: Zoo) -> dict[str, int]:
    """Peak memory of this process, and memory of the workers now, in MB."""
    memory = {"here, at most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    for pid in zoo.status()["pids"]:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        memory[f"worker {pid}"] = pages * resource.getpagesize() // 2**20
    return memory


if __name__ == "__main__":
    main()
