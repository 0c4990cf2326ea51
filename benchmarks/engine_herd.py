"""A herd: many callers of one new seed at the same moment; how many generations does it take?

python benchmarks/engine_herd.py --domain faces --callers 1000
"""

from __future__ import annotations

import argparse
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from doesnotexist import Settings, Zoo


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--domain", default="faces")
    options.add_argument("--callers", type=int, default=1000)
    given = options.parse_args()
    with Zoo(Settings.read(workers="process", media_bytes=2**24, deadline_s=120)) as zoo:
        if failed := zoo.warm([given.domain]):
            raise SystemExit(str(failed[given.domain]))
        before = zoo.status()["made"]
        recipe = zoo.recipe(given.domain)
        together = threading.Barrier(given.callers)

        def ask(_: int) -> bytes:
            together.wait()
            return zoo.render(recipe).data

        with ThreadPoolExecutor(given.callers) as pool:
            started = time.monotonic()
            answers = list(pool.map(ask, range(given.callers)))
            took = time.monotonic() - started
        status = zoo.status()
        print(f"{given.callers} callers in {took:.2f} s (starting them included)")
        print(f"generations: {status['made'] - before}; different answers: {len(set(answers))}")
        print(f"joined one under way: {status['coalesced']}; from memory: {status['finished']['hits']}")


if __name__ == "__main__":
    main()
