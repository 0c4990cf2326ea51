"""A site that runs, for the scenes that ask it: what it costs, and what it holds."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from load import Tally, ask, hammer


class Site:
    """A running server; its first domain is the one that is asked."""

    def __init__(self, port: int, domain: str, process: subprocess.Popen[bytes]) -> None:
        self.port, self.domain, self.process = port, domain, process
        self.host = f"{domain}.localhost"

    @cached_property
    def style(self) -> str:
        """The address of the style sheet, which is named for its contents."""
        page = ask(self.port, self.host, "/about", "text/html").body.decode()
        return str(re.findall(r'href="(/static/[^"]*css)"', page)[0])

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(ask(self.port, "localhost", "/status").body)
        return found

    @property
    def worker(self) -> int:
        """The process id of the first worker."""
        return int(self.status()["pids"][0])

    def hammer(self, paths: Iterator[str], host: str = "", **how: Any) -> Tally:
        """Ask as `load.hammer` does, and say what it cost."""
        before, started = self._cpu_s(), time.perf_counter()
        tally = hammer(self.port, host or self.host, paths, **how)
        after, took = self._cpu_s(), time.perf_counter() - started
        spent = {name: after[name] - before.get(name, 0) for name in after} | {"this client": tally.cpu_s}
        cores = ", ".join(f"{name} {seconds / took:.2f}" for name, seconds in spent.items())
        each = 1e3 * spent["server"] / max(1, tally.count)
        print(f"(of a core: {cores}; the server {each:.2f} ms a request)")
        return tally

    def held(self) -> dict[str, int]:
        """Memory (bytes, shared pages once), descriptors and threads of the server and its workers."""
        found = Counter[str]()
        for pid in [self.process.pid, *_children(self.process.pid)]:
            place = Path(f"/proc/{pid}")
            rollup = re.search(r"^Pss:\s+(\d+) kB", (place / "smaps_rollup").read_text(), re.MULTILINE)
            found["memory"] += int(rollup[1]) * 1024 if rollup else 0
            found["descriptors"] += len(list((place / "fd").iterdir()))
            found["threads"] += len(list((place / "task").iterdir()))
        return dict(found)

    def _cpu_s(self) -> dict[str, float]:
        """Processor time of the server and of its workers so far; of one that has died, none."""
        workers = sum(_cpu_s(pid) for pid in _children(self.process.pid))
        return {"server": _cpu_s(self.process.pid), "workers": workers}


@contextmanager
def serving(port: int, domains: str, **environment: str) -> Iterator[Site]:
    """A site with these domains, "a,b", and settings, from when it is ready."""
    given = {"plugins": f"{domains},web", "status": "local", **environment}
    settings = {f"DOESNOTEXIST_{name.upper()}": value for name, value in given.items()}
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "doesnotexist", "serve", "--port", str(port)],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not _ready(port):
            time.sleep(0.2)
            if process.poll() is not None:
                raise SystemExit("the site ended")
        yield Site(port, domains.partition(",")[0], process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


class PageWatch(threading.Thread):
    """Asks for a static page twenty times a second, and notes how long it takes."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site, self.page = site, site.style
        self.times: list[float] = []
        self.wrong, self.stop = Counter[int](), threading.Event()

    def run(self) -> None:
        while not self.stop.wait(0.05):
            started = time.perf_counter()
            status = ask(self.site.port, self.site.host, self.page).status
            self.times.append(time.perf_counter() - started)
            self.wrong[status] += status != 200

    def __enter__(self) -> PageWatch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.join()


def print_held(before: dict[str, int], after: dict[str, int]) -> None:
    """What `Site.held` gave, twice."""
    for name in before:
        print(
            f"{name}: {before[name]:,} before, {after[name]:,} after ({after[name] / before[name] - 1:+.1%})"
        )


def _ready(port: int) -> bool:
    try:
        return ask(port, "localhost", "/readyz").status == 200
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    """All that a process has started, and what those have."""
    direct: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has just ended
            direct += [int(one) for one in (task / "children").read_text().split()]
    return [*direct, *(below for one in direct for below in _children(one))]


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
