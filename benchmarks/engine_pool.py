"""The pool: what a fresh sample costs, how fast it fills, what it does to others, what it does at rest.

python benchmarks/engine_pool.py --domain faces --bytes 4MiB
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from doesnotexist import Creation, Settings, Zoo


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--domain", default="faces")
    options.add_argument("--bytes", default="4MiB")
    options.add_argument("--callers", type=int, default=32)
    given = options.parse_args()
    with Zoo(Settings.read(workers="process", pool_bytes=given.bytes, plugins=given.domain)) as zoo:
        if failed := zoo.warm([given.domain]):
            raise SystemExit(str(failed[given.domain]))
        while_filling(zoo, given.domain)
        level = fill(zoo, given.domain)
        at_rest(zoo)
        take(zoo, given.domain, level // 2)
        fill(zoo, given.domain)
        take(zoo, given.domain, level // 2, given.callers)


def level_of(zoo: Zoo, domain: str) -> int:
    ready: int = zoo.status()["pool"][domain]["ready"]
    return ready


def while_filling(zoo: Zoo, domain: str) -> None:
    """How long a request takes that comes while the pool is being filled."""
    times = []
    for seed in range(20):
        time.sleep(0.1)
        started = time.monotonic()
        zoo.generate(domain, seed=seed)
        times.append(time.monotonic() - started)
    times.sort()
    print(f"a request while the pool fills: p50 {times[10] * 1e3:.0f} ms, worst {times[-1] * 1e3:.0f} ms")


def fill(zoo: Zoo, domain: str) -> int:
    """Wait until it is full; gives its level."""
    started, first = time.monotonic(), level_of(zoo, domain)
    level = -1
    while level != level_of(zoo, domain) and time.monotonic() - started < 300:
        level = level_of(zoo, domain)
        time.sleep(0.5)
    took = max(time.monotonic() - started - 0.5, 1e-3)
    print(f"filled from {first} to {level}: {(level - first) / took:.1f} samples/s")
    return level


def at_rest(zoo: Zoo, seconds: float = 5.0) -> None:
    """Processor time while the pool is full and nobody asks."""
    before = cpu_s(zoo)
    time.sleep(seconds)
    print(f"at rest: {(cpu_s(zoo) - before) / seconds:.2%} of a core")


def cpu_s(zoo: Zoo) -> float:
    """Processor time of this process and its workers so far."""
    total = time.process_time()
    for pid in zoo.status()["pids"]:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / 100
    return total


def take(zoo: Zoo, domain: str, count: int, callers: int = 1) -> None:
    """Take fresh ones, by so many callers at once."""

    def one(_: int) -> tuple[Creation, float]:
        started = time.perf_counter()
        creation = zoo.fresh(domain)
        return creation, time.perf_counter() - started

    started = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        taken = list(pool.map(one, range(count)))
    rate = count / (time.perf_counter() - started)
    times = sorted(took for creation, took in taken if creation.source == "pool")
    different = len({creation.data for creation, _ in taken})
    print(
        f"{count} fresh ones by {callers}: {rate:.0f}/s, {len(times)} from the pool, "
        f"p50 {times[len(times) // 2] * 1e3:.2f} ms, p99 {times[int(len(times) * 0.99)] * 1e3:.2f} ms, "
        f"{different} different"
    )


if __name__ == "__main__":
    main()
