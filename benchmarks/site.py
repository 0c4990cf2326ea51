"""The whole site over HTTP, on this machine: what the issue of scaling promises, measured.

    python benchmarks/site.py fresh --requests 5000        from a full pool, 32 connections
    python benchmarks/site.py permalinks --seconds 10      cached, 32 connections
    python benchmarks/site.py flood --seconds 60           five times what can be made
    python benchmarks/site.py kills --kills 100            kill -9 of the worker, 50 requests/s
    python benchmarks/site.py herd --callers 450           one new seed, everybody at once

Each starts `doesnotexist serve` on a port of its own, with one domain, and ends it. The client runs on
the same machine and takes its share of it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count, cycle
from pathlib import Path

from load import Tally, always, ask, hammer, quantiles


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("what", choices=["fresh", "permalinks", "flood", "kills", "herd"])
    options.add_argument("--domain", default="faces")
    options.add_argument("--port", type=int, default=8177)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--requests", type=int, default=5000)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--times", type=float, default=5)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--rate", type=float, default=50)
    options.add_argument("--callers", type=int, default=450)
    given = options.parse_args()
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}")
    {"fresh": fresh, "permalinks": permalinks, "flood": flood, "kills": kills, "herd": herd}[given.what](
        given
    )
    print(f"and at the end: {os.getloadavg()[0]:.1f}")


class Site:
    """A running server of one domain."""

    def __init__(self, port: int, domain: str, process: subprocess.Popen[bytes]) -> None:
        self.port, self.domain, self.process = port, domain, process
        self.host = f"{domain}.localhost"

    @cached_property
    def style(self) -> str:
        """The address of the style sheet, which is named for its contents."""
        page = ask(self.port, self.host, "/about", "text/html").body.decode()
        return re.findall(r'href="(/static/[^"]*css)"', page)[0]

    def cpu_s(self) -> float:
        """Processor time of the server so far, its workers not counted."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(ask(self.port, "localhost", "/status").body)
        return found

    def hammer(self, paths: Iterator[str], **how: object) -> Tally:
        before = self.cpu_s()
        tally = hammer(self.port, self.host, paths, **how)  # type: ignore[arg-type]
        each = (self.cpu_s() - before) / max(1, sum(tally.statuses.values()))
        print(f"(the server spent {each * 1e3:.2f} ms of a core on each request)")
        return tally

    def memory(self) -> dict[str, int]:
        """Resident memory in MB of the server and its workers."""
        pids = {"server": self.process.pid} | {
            f"worker {n}": pid for n, pid in enumerate(self.status()["pids"])
        }  # type: ignore[arg-type]
        pages = {name: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for name, pid in pids.items()}
        return {name: count * os.sysconf("SC_PAGESIZE") // 2**20 for name, count in pages.items()}


@contextmanager
def site(given: argparse.Namespace, **environment: str) -> Iterator[Site]:
    settings = {f"DOESNOTEXIST_{name.upper()}": value for name, value in environment.items()}
    command = [sys.executable, "-m", "doesnotexist", "serve", "--port", str(given.port)]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        env={
            **os.environ,
            "DOESNOTEXIST_PLUGINS": f"{given.domain},web",
            "DOESNOTEXIST_STATUS": "local",
            **settings,
        },
        stdout=subprocess.DEVNULL,
    )
    running = Site(given.port, given.domain, process)
    try:
        while not _ready(given.port):
            time.sleep(0.2)
            if process.poll() is not None:
                raise SystemExit("the site ended")
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _ready(port: int) -> bool:
    try:
        return ask(port, "localhost", "/readyz").status == 200
    except OSError:
        return False


def fresh(given: argparse.Namespace) -> None:
    """A picture that nobody has seen, from a pool that was filled before."""
    with site(given, pool_bytes=str(given.requests * 9000)) as running:
        print(f"filling the pool with {given.requests}")
        while (ready := running.status()["pool"].get(given.domain, {}).get("ready", 0)) < given.requests:  # type: ignore[attr-defined]
            time.sleep(1)
        print(f"in the pool: {ready}")
        os.kill(running.status()["pids"][0], signal.SIGSTOP)  # type: ignore[index]
        print("refilling is stopped; static page and pictures, each alone:")
        print(
            "style  ",
            running.hammer(always("/static/page.css"), connections=given.connections, requests=2000),
        )
        print(
            "fresh  ",
            running.hammer(always("/image"), connections=given.connections, requests=given.requests),
        )
        os.kill(running.status()["pids"][0], signal.SIGCONT)  # type: ignore[index]


def permalinks(given: argparse.Namespace) -> None:
    """A hundred pictures that were made before, asked for again and again."""
    paths = [f"/generate/{given.domain}?seed={seed}" for seed in range(100)]
    with site(given) as running:
        running.hammer(iter(paths), connections=4, requests=len(paths))
        print(running.hammer(cycle(paths), connections=given.connections, seconds=given.seconds))


def flood(given: argparse.Namespace) -> None:
    """New seeds, several times as many as can be made; beside it a page that needs none."""
    seeds = count(10_000)
    paths = (f"/generate/{given.domain}?seed={next(seeds)}" for _ in count())
    with site(given) as running:
        running.hammer(paths, connections=16, seconds=5)
        unloaded = running.hammer(paths, connections=16, seconds=15)
        print(f"unloaded: {unloaded}")
        before, pages = running.memory(), PageWatch(running)
        pages.start()
        rate = given.times * unloaded.rate
        loaded = running.hammer(paths, connections=300, seconds=given.seconds, rate=rate)
        pages.end()
        print(f"offered {rate:.0f}/s: {loaded}")
        print(f"goodput: {loaded.rate / unloaded.rate:.0%} of the unloaded rate")
        print(f"a static page meanwhile: {quantiles(pages.times)}")
        print(f"memory, MB: {before} before, {running.memory()} after")


class PageWatch(threading.Thread):
    """Asks for a static page twenty times a second, and notes how long it takes."""

    def __init__(self, running: Site) -> None:
        super().__init__()
        self.running, self.times, self.stop = running, [], threading.Event()  # type: ignore[var-annotated]

    def run(self) -> None:
        while not self.stop.wait(0.05):
            started = time.perf_counter()
            ask(self.running.port, self.running.host, self.running.style)
            self.times.append(time.perf_counter() - started)

    def end(self) -> None:
        self.stop.set()
        self.join()


def kills(given: argparse.Namespace) -> None:
    """The worker is killed at random moments while requests come at a steady rate."""
    moments, outages = random.Random(0), []  # noqa: S311 - to be repeated, not to be secret
    with site(given, queue_size="200", media_bytes="0", pool_bytes="0") as running:
        paths = [f"/generate/{given.domain}?seed={seed}" for seed in range(16)]
        right = {hash(ask(running.port, running.host, path).body) for path in paths}
        tally = Tally()

        def load() -> None:
            nonlocal tally
            seconds = given.kills * 3.0
            tally = hammer(
                running.port, running.host, cycle(paths), connections=200, seconds=seconds, rate=given.rate
            )

        thread = threading.Thread(target=load)
        thread.start()
        for _ in range(given.kills):
            time.sleep(moments.uniform(0.2, 1.0))
            outages.append(outage(running, paths[0]))
        thread.join()
        print(tally)
        print(f"wrong bytes: {sum(n for body, n in tally.bodies.items() if body not in right)}")
        print(
            f"kills: {len(outages)}; back after {quantiles(outages)}; restarts {running.status()['restarts']}"
        )


def outage(running: Site, path: str) -> float:
    """Kill the worker; seconds until a request that came later is served."""
    os.kill(running.status()["pids"][0], signal.SIGKILL)  # type: ignore[index]
    killed = time.perf_counter()
    while ask(running.port, running.host, path).status != 200:
        time.sleep(0.01)
    return time.perf_counter() - killed


def herd(given: argparse.Namespace) -> None:
    """Everybody wants one new seed at the same moment."""
    with site(given) as running:
        before = running.status()["made"]
        path = always(f"/generate/{given.domain}?seed={random.randrange(2**32)}")  # noqa: S311
        print(running.hammer(path, connections=given.callers, requests=given.callers))
        print(f"generations: {running.status()['made'] - before}")  # type: ignore[operator]


if __name__ == "__main__":
    main()
