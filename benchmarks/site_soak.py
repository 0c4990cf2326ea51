"""A site under steady, mixed load for a while: does anything grow, and does anything fail?

    python benchmarks/site_soak.py --minutes 10 --rate 100

Starts `doesnotexist serve` on a free port and sends it what visitors and programs send: permalinks, fresh
pictures, pages, lists, and requests that must be refused. Memory, descriptors and threads of the server and
its workers are read before and after. Ends with 1 if an answer was not the expected one, or if memory has
grown by more than 5 %.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

CLIENTS = 16
GROWTH = 0.05
# (share, path, expected status); {domain} and {seed} are drawn
MIX = [
    (55, "/d/{domain}/image?seed={seed}", {200}),
    (15, "/d/{domain}/image", {200, 503}),  # fresh; a refusal in a flood is an answer too
    (10, "/d/{domain}/", {200, 503}),
    (5, "/generate/{domain}?seed={seed}&format=json", {200}),
    (5, "/domains", {200}),
    (5, "/generate/{domain}?seed=-1", {400}),
    (5, "/generate/nobody", {404}),
]


@dataclass
class Tally:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, path: str, expected: set[int], status: int, seconds: float) -> None:
        with self.lock:
            self.statuses[status] += 1
            self.seconds.append(seconds)
            if status not in expected:
                self.wrong[f"{status} {path}"] += 1


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--rate", type=float, default=100, help="requests a second")
    options.add_argument("--warm-up", type=float, default=30, help="seconds before the first reading")
    options.add_argument("--domains", default="faces,chemicals")
    given = options.parse_args()
    domains = given.domains.split(",")
    with serving() as (process, port):
        drive(port, domains, given.rate, given.warm_up)
        before, tally = readings(process.pid), Tally()
        drive(port, domains, given.rate, given.minutes * 60, tally)
        after = readings(process.pid)
    report(given, tally, before, after)
    grown = after["memory"] / before["memory"] - 1
    raise SystemExit(bool(tally.wrong) or grown > GROWTH)


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A site with small caches, which are full before the first reading."""
    environment = {**os.environ, "DOESNOTEXIST_MEDIA_BYTES": "2MiB", "COLUMNS": "40"}
    command = [sys.executable, "-m", "doesnotexist", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            lines = iter(process.stdout.readline if process.stdout else str, "")
            said = "".join(itertools.takewhile(lambda line: "Ctrl-C" not in line, lines))
            found = re.search(r"http://localhost:(\d+)/", said)
            if not found:
                raise SystemExit(f"the site did not start: {said}")
            yield process, int(found[1])
        finally:
            process.send_signal(signal.SIGTERM)


def drive(port: int, domains: list[str], rate: float, seconds: float, tally: Tally | None = None) -> None:
    """Requests at a steady rate, from clients that keep their connections."""
    start, numbers, local = time.monotonic(), itertools.count(), threading.local()

    def client(_: int) -> None:
        while True:
            number = next(numbers)
            due = start + number / rate
            if due > start + seconds:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            path, expected = request(Random(number), domains)  # noqa: S311
            begun = time.monotonic()
            status = ask(local, port, path)
            if tally:
                tally.note(path, expected, status, time.monotonic() - begun)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))


def request(draw: Random, domains: list[str]) -> tuple[str, set[int]]:
    """One of the mix; a few hundred seeds, some of them often."""
    _, path, expected = draw.choices(MIX, weights=[share for share, *_ in MIX])[0]
    return path.format(domain=draw.choice(domains), seed=int(draw.expovariate(1 / 60))), expected


def ask(local: threading.local, port: int, path: str) -> int:
    """The status of the answer; 0 for none."""
    if not hasattr(local, "connection"):
        local.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        local.connection.request("GET", path, headers={"Host": "localhost", "Accept": "*/*"})
        answer = local.connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        local.connection.close()
        return 0
    status: int = answer.status
    return status


def readings(pid: int) -> dict[str, int]:
    """Memory (bytes, shared pages once), descriptors and threads of a process and its children."""
    found = Counter[str]()
    for one in [pid, *children(pid)]:
        place = Path("/proc") / str(one)
        rollup = re.search(r"^Pss:\s+(\d+) kB", (place / "smaps_rollup").read_text(), re.MULTILINE)
        found["memory"] += int(rollup[1]) * 1024 if rollup else 0
        found["descriptors"] += len(list((place / "fd").iterdir()))
        found["threads"] += len(list((place / "task").iterdir()))
    return dict(found)


def children(pid: int) -> list[int]:
    """All that a process has started, and what those have."""
    direct = [
        int(one)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for one in (task / "children").read_text().split()
    ]
    return [*direct, *(below for one in direct for below in children(one))]


def report(given: argparse.Namespace, tally: Tally, before: dict[str, int], after: dict[str, int]) -> None:
    seconds = sorted(tally.seconds)
    p50, p99 = (1000 * seconds[int(share * (len(seconds) - 1))] for share in (0.5, 0.99))
    print(f"{len(seconds)} requests at {given.rate:g}/s for {given.minutes:g} min, {given.domains}")
    print(f"statuses: {dict(sorted(tally.statuses.items()))}; unexpected: {dict(tally.wrong.most_common(5))}")
    print(f"latency: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    for name in before:
        grown = 100 * (after[name] / before[name] - 1)
        print(f"{name}: {before[name]:,} before, {after[name]:,} after ({grown:+.1f} %)")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
