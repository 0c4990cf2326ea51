"""The whole site over HTTP, on this machine: how much it serves, and what it does when it is too much.

    python benchmarks/site.py fresh --requests 5000        from a full pool, 32 connections
    python benchmarks/site.py permalinks --seconds 10      cached, 32 connections
    python benchmarks/site.py pages --requests 300         the index, and each domain's pages
    python benchmarks/site.py flood --seconds 60           five times what can be made
    python benchmarks/site.py kills --kills 100            kill -9 of the worker, 50 requests/s
    python benchmarks/site.py herd --callers 1000          one new seed, everybody at once
    python benchmarks/site.py soak --seconds 600           does anything grow, does anything fail?

Each starts `doesnotexist serve` on a port of its own and ends it. The client runs on the same machine and
takes its share of it, which is told. What should never be ends the command with 1.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import threading
import time
from collections import Counter
from itertools import count, cycle, repeat

from load import Answer, Tally, ask, hammer, quantiles
from running import PageWatch, Site, print_held, serving
from soak import soak

DOMAINS = ("faces", "cats", "horses", "art", "chemicals")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("what", choices=SCENES)
    options.add_argument("--domain", default="faces")
    options.add_argument("--port", type=int, default=8177)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--requests", type=int, default=5000)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--times", type=float, default=5)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--rate", type=float, default=50)
    options.add_argument("--callers", type=int, default=1000)
    given = options.parse_args()
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}")
    faults = SCENES[given.what](given)
    print(f"and at the end: {os.getloadavg()[0]:.1f}")
    raise SystemExit(bool(faults.total()))


def fresh(given: argparse.Namespace) -> Counter[str]:
    """A picture that nobody has seen, from a pool that was filled before."""
    with serving(given.port, given.domain, pool_bytes=str(given.requests * 9000)) as site:
        print(f"filling the pool with {given.requests}")
        while (ready := site.status()["pool"].get(given.domain, {}).get("ready", 0)) < given.requests:
            time.sleep(1)
        print(f"in the pool: {ready}; refilling is stopped; static page and pictures, each alone:")
        os.kill(site.worker, signal.SIGSTOP)
        style = site.hammer(repeat(site.style), connections=given.connections, requests=2000)
        print(f"style   {style}")
        tally = site.hammer(repeat("/image"), connections=given.connections, requests=given.requests)
        print(f"fresh   {tally}")
        os.kill(site.worker, signal.SIGCONT)
    return tally.faults


def permalinks(given: argparse.Namespace) -> Counter[str]:
    """A hundred pictures that were made before, asked for again and again."""
    paths = [f"/generate/{given.domain}?seed={seed}" for seed in range(100)]
    with serving(given.port, given.domain) as site:
        hammer(given.port, site.host, iter(paths), connections=4, requests=len(paths))
        tally = site.hammer(cycle(paths), connections=given.connections, seconds=given.seconds)
        print(tally)
    return tally.faults


def pages(given: argparse.Namespace) -> Counter[str]:
    """The index, and of each domain the page of one sample and the page that explains it."""
    faults = Counter[str]()
    with serving(given.port, ",".join(DOMAINS), media_bytes="64MiB") as site:

        def browse(host: str, path: str) -> None:
            print(f"{host}{path.partition('?')[0]}:")
            how = {"connections": given.connections, "requests": given.requests}
            tally = site.hammer(repeat(path), host, accept="text/html", **how)
            print(tally)
            faults.update(tally.faults)

        browse("localhost", "/")
        for domain in DOMAINS:
            link = ask(given.port, "localhost", f"/generate/{domain}?seed=7").header("Link") or ""
            query = link.partition(">")[0].partition("?")[2]
            for path in ("/", "/about"):
                browse(f"{domain}.localhost", f"{path}?{query}")
    return faults


def flood(given: argparse.Namespace) -> Counter[str]:
    """New seeds, several times as many as can be made; beside it a page that needs none."""
    paths = (f"/generate/{given.domain}?seed={seed}" for seed in count(10_000))
    # a small cache, which is full before the first reading of memory
    with serving(given.port, given.domain, media_bytes="4MiB") as site:
        hammer(given.port, site.host, paths, connections=24, seconds=5)
        unloaded = site.hammer(paths, connections=24, seconds=15)  # as many as may wait: none is refused
        print(f"unloaded: {unloaded}")
        before, rate = site.held(), given.times * unloaded.rate
        with PageWatch(site) as pages:
            loaded = site.hammer(paths, connections=300, seconds=given.seconds, rate=rate)
        print(f"offered {rate:.0f}/s: {loaded}")
        print(f"goodput: {loaded.rate / unloaded.rate:.0%} of the unloaded rate")
        print(f"a static page meanwhile: {quantiles(pages.times)}; not 200: {pages.wrong.total()}")
        print_held(before, site.held())
    return loaded.faults


def kills(given: argparse.Namespace) -> Counter[str]:
    """The worker is killed at random moments while requests come at a steady rate."""
    moments, outages, over = random.Random(0), [], threading.Event()  # noqa: S311 - to be repeated
    paths, tally = [f"/generate/{given.domain}?seed={seed}" for seed in range(16)], Tally()
    with serving(given.port, given.domain, queue_size="200", media_bytes="0", pool_bytes="0") as site:
        right = {path: ask(site.port, site.host, path).body for path in paths}

        def fault(path: str, answer: Answer) -> str:
            return "wrong bytes" if answer.status == 200 and answer.body != right[path] else ""

        def load() -> None:
            nonlocal tally
            how = {"connections": 400, "rate": given.rate, "fault": fault}
            tally = hammer(site.port, site.host, cycle(paths), go_on=lambda: not over.is_set(), **how)

        thread = threading.Thread(target=load)
        thread.start()
        for _ in range(given.kills):
            time.sleep(moments.uniform(0.2, 1.0))
            outages.append(outage(site, paths[0]))
        over.set()
        thread.join()
        print(tally)
        print(f"kills: {len(outages)}; back after {quantiles(outages)}; restarts {site.status()['restarts']}")
    return tally.faults


def outage(site: Site, path: str) -> float:
    """Kill the worker; seconds until a request that came later is served."""
    os.kill(site.worker, signal.SIGKILL)
    killed = time.perf_counter()
    while ask(site.port, site.host, path).status != 200:
        time.sleep(0.01)
    return time.perf_counter() - killed


def herd(given: argparse.Namespace) -> Counter[str]:
    """Everybody wants one new seed at the same moment."""
    path = f"/generate/{given.domain}?seed={random.randrange(2**32)}"  # noqa: S311
    with serving(given.port, given.domain) as site:
        before = site.status()["made"]
        tally = site.hammer(repeat(path), connections=given.callers, requests=given.callers)
        print(tally)
        print(f"generations: {site.status()['made'] - before}")
    return tally.faults


SCENES = {
    "fresh": fresh,
    "permalinks": permalinks,
    "pages": pages,
    "flood": flood,
    "kills": kills,
    "herd": herd,
    "soak": soak,
}

if __name__ == "__main__":
    main()
