"""A client that costs little: many connections, one thread, raw HTTP/1.1 with keep-alive.

It is for the benchmarks beside it, and shares the machine with the server that it measures.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat


@dataclass
class Tally:
    """What became of requests."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)  # what X-Fresh says
    times: dict[int, list[float]] = field(default_factory=dict)
    bodies: Counter[int] = field(default_factory=Counter)  # of 200s, by hash
    faults: Counter[str] = field(default_factory=Counter)  # what should never be
    served: list[float] = field(default_factory=list)  # when a 200 came

    def add(self, answer: Answer, asked: float) -> None:
        now = time.perf_counter()
        self.statuses[answer.status] += 1
        self.times.setdefault(answer.status, []).append(now - asked)
        if answer.status == 200:
            self.served.append(now)
            self.bodies[hash(answer.body)] += 1
            if source := answer.headers.get("x-fresh"):
                self.sources[source] += 1
        elif answer.status in (429, 503) and "retry-after" not in answer.headers:
            self.faults[f"{answer.status} without Retry-After"] += 1
        if len(answer.body) != int(answer.headers["content-length"]):
            self.faults["half an answer"] += 1

    @property
    def rate(self) -> float:
        """Answers of 200 a second."""
        return self.statuses[200] / self.seconds

    def __str__(self) -> str:
        lines = [f"{self.rate:.0f}/s of 200 over {self.seconds:.1f} s; statuses {dict(self.statuses)}"]
        for status, times in sorted(self.times.items()):
            lines.append(f"  {status} in {quantiles(times)}")
        lines.append(f"  different bodies: {len(self.bodies)}; X-Fresh: {dict(self.sources)}")
        lines.append(f"  faults: {dict(self.faults) or 'none'}")
        return "\n".join(lines)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """One connection and what has come over it so far."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = 0.0
        self.data = b""

    def ask(self, host: str, path: str, accept: str, asked: float | None = None) -> None:
        self.asked = time.perf_counter() if asked is None else asked
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n".encode())

    def receive(self) -> Answer | None:
        """The answer, if it is all there; raises ConnectionError if the connection ends before."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not found:
            return None
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if len(body) < int(headers["content-length"]):
            return None
        self.data = b""
        return Answer(int(status.split()[1]), headers, body)


def hammer(
    port: int,
    host: str,
    paths: Iterator[str],
    *,
    connections: int = 32,
    requests: int | None = None,
    seconds: float | None = None,
    rate: float | None = None,
    accept: str = "*/*",
) -> Tally:
    """Ask until so many requests or seconds are over.

    Without a `rate` each connection asks again as soon as it is answered. With one, requests are
    due at fixed times whatever becomes of those before, and count from when they were due.
    """
    tally, selector = Tally(), selectors.DefaultSelector()
    free = [Connection(port) for _ in range(connections)]
    for connection in free:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    started, sent, busy = time.perf_counter(), 0, 0

    def more() -> bool:
        return (requests is None or sent < requests) and (
            seconds is None or time.perf_counter() - started < seconds
        )

    while more() or busy:
        due = started + sent / rate if rate else None
        while free and more() and (due is None or time.perf_counter() >= due):
            free.pop().ask(host, next(paths), accept, due)
            sent, busy = sent + 1, busy + 1
            due = started + sent / rate if rate else None
        pause = None if due is None else max(0.0, due - time.perf_counter())
        for key, _ in selector.select(pause if free and more() else 1.0):
            connection = key.data
            try:
                answer = connection.receive()
            except (ConnectionError, ValueError, KeyError) as error:
                tally.faults[type(error).__name__] += 1
                selector.unregister(connection.socket)
                connection.socket.close()
                connection = Connection(port)
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                answer, busy = None, busy - 1
                free.append(connection)
            if answer:
                tally.add(answer, connection.asked)
                busy -= 1
                free.append(connection)
    tally.seconds = time.perf_counter() - started
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    return tally


def ask(port: int, host: str, path: str, accept: str = "*/*") -> Answer:
    """One request."""
    connection = Connection(port)
    connection.ask(host, path, accept)
    while not (answer := connection.receive()):
        pass
    connection.socket.close()
    return answer


def always(path: str) -> Iterator[str]:
    return repeat(path)


def quantiles(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return f"p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, worst {ordered[-1] * 1e3:.1f} ms"
