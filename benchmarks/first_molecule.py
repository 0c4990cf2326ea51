"""The first molecule: what an engine that has made none takes for one, with all its facts, drawn as SVG.

    python benchmarks/first_molecule.py --rounds 9

Every figure is of a new process and a seed of its own; the ways take turns, so that other work on the
machine disturbs all of them alike. A worker that idles has loaded no model and made nothing; its libraries
are imported and have read their own tables, which is what `Generator.prepare` does.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from doesnotexist import Settings, Zoo
from doesnotexist_chemicals import libraries

WAYS = {
    "nothing": "a process that has imported nothing",
    "libraries": "libraries imported, none of their tables read",
    "worker": "a worker process that idles",
    "again": "the second molecule of that worker",
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options.add_argument("--without-names", action="store_true", help="as where openclatura is not installed")
    options.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    options.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        print(json.dumps(first(given.child, given.seed)))
        return
    with tempfile.TemporaryDirectory() as folder:
        if given.without_names:
            Path(folder, "openclatura.py").write_text("raise ImportError\n")
        rounds = [{way: ask(way, seed, folder) for way in given.ways} for seed in range(given.rounds)]
    names = "without names" if given.without_names else "with names where openclatura is installed"
    print(f"median (least to most) of {given.rounds}, {names}, load {os.getloadavg()[0]:.1f}")
    for way in given.ways:
        wall, cpu = (told([one[way][clock] for one in rounds]) for clock in ("wall", "cpu"))
        print(f"{WAYS[way]:46} {wall} by the clock, {cpu} of a processor")


def told(seconds: list[float]) -> str:
    low, middle, high = (1e3 * of(seconds) for of in (min, statistics.median, max))
    return f"{middle:4.0f} ms ({low:.0f} to {high:.0f})"


def ask(way: str, seed: int, shadows: str) -> dict[str, float]:
    """What a new process says; modules in the folder `shadows` go before installed ones."""
    path = os.pathsep.join(filter(None, (shadows, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, __file__, "--child", way, "--seed", str(seed)]
    answer = subprocess.run(  # noqa: S603 - our own command
        command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def first(way: str, seed: int) -> dict[str, float]:
    """Seconds of one `Zoo.generate` by the clock, and of processors in this process and its worker."""
    backend = "process" if way in ("worker", "again") else "thread"
    with Zoo(Settings.read(workers=backend, plugins="chemicals")) as zoo:
        if way == "libraries":
            libraries.load()
        if backend == "process":
            zoo.start()
            wait_until_idle(zoo)
        if way == "again":
            zoo.generate("chemicals", seed=seed + 1000)
        wall, cpu = time.perf_counter(), cpu_s(zoo)
        molecule = zoo.generate("chemicals", seed=seed)
        found = {"wall": time.perf_counter() - wall, "cpu": cpu_s(zoo) - cpu}
        if not molecule.data.startswith(b"<svg"):
            raise SystemExit("this is no drawing")
        return found


def wait_until_idle(zoo: Zoo) -> None:
    """Until its worker is there, and a second passes without it doing anything."""
    before = -1.0
    while not zoo.status()["pids"] or before != (before := worker_s(zoo)):
        time.sleep(1)


def cpu_s(zoo: Zoo) -> float:
    """Processor time of this process and its workers so far."""
    return time.process_time() + worker_s(zoo)


def worker_s(zoo: Zoo) -> float:
    """That of the workers alone, in nanoseconds' steps: /proc/PID/stat counts hundredths of a second."""
    return sum(int(text.split()[0]) for text in _schedules(zoo.status().get("pids", ()))) / 1e9


def _schedules(pids: list[int]) -> Iterator[str]:
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            yield (task / "schedstat").read_text()


if __name__ == "__main__":
    main()
