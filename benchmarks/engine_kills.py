"""Workers killed at random moments, under steady load: what is lost, and how soon is it back?

    python benchmarks/engine_kills.py --domain faces --kills 100 --rate 50

Every sample is compared with what the same seed gave before: a wrong byte would be counted.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from doesnotexist import Settings, Zoo
from doesnotexist.errors import DoesNotExistError

SEEDS = 16


class Load:
    """Requests at a fixed rate, until stopped; when each was served, and what became of the rest."""

    def __init__(self, zoo: Zoo, domain: str, rate: float) -> None:
        self.zoo, self.domain, self.rate = zoo, domain, rate
        self.right = [zoo.generate(domain, seed=seed).data for seed in range(SEEDS)]
        self.served: list[float] = []
        self.outcomes: Counter[str] = Counter()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        started, number = time.monotonic(), 0
        with ThreadPoolExecutor(128) as pool:
            while not self.stop.is_set():
                time.sleep(max(0.0, started + number / self.rate - time.monotonic()))
                pool.submit(self.ask, number % SEEDS)
                number += 1

    def ask(self, seed: int) -> None:
        try:
            data = self.zoo.generate(self.domain, seed=seed).data
        except DoesNotExistError as error:
            self.outcomes[type(error).__name__] += 1
            return
        self.outcomes["right" if data == self.right[seed] else "WRONG BYTES"] += 1
        self.served.append(time.monotonic())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--domain", default="faces")
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--rate", type=float, default=50)
    options.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    given = options.parse_args()
    moments = random.Random(given.seed)  # noqa: S311 - to be repeated, not to be secret
    with Zoo(Settings.read(workers="process")) as zoo:
        if failed := zoo.warm([given.domain]):
            raise SystemExit(str(failed[given.domain]))
        load = Load(zoo, given.domain, given.rate)
        load.thread.start()
        outages = [outage(zoo, load, moments) for _ in range(given.kills)]
        load.stop.set()
        load.thread.join()
        outages.sort()
        print(f"kills: {given.kills}; outcomes of requests: {dict(load.outcomes)}")
        print(f"back after: p50 {outages[len(outages) // 2]:.2f} s, worst {outages[-1]:.2f} s")
        status = zoo.status()
        print({name: status[name] for name in ("restarts", "made", "failed", "coalesced", "resting")})


def outage(zoo: Zoo, load: Load, moments: random.Random) -> float:
    """Kill the worker at a random moment; seconds until a request that came later is served."""
    time.sleep(moments.uniform(0.2, 1.0))
    (pid,) = zoo.status()["pids"]
    os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    while not any(moment > killed + 0.05 for moment in load.served[-64:]):
        if time.monotonic() - killed > 60:
            raise SystemExit("not back after a minute")
        time.sleep(0.01)
    return time.monotonic() - killed


if __name__ == "__main__":
    main()
