"""A client that costs little: many connections, one thread, raw HTTP/1.1 with keep-alive.

It is for the benchmarks beside it, and shares the machine with the server that it measures.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

TICK_S = 0.002  # at a given rate, what is due is asked this often, and what has come is read
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)", re.IGNORECASE)


@dataclass
class Answer:
    """One answer; `head` as it came."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header."""
        found = re.search(rf"\r\n{name}: ([^\r]*)".encode(), self.head, re.IGNORECASE)
        return found[1].decode() if found else None


@dataclass
class Tally:
    """What became of requests."""

    fault: Callable[[str, Answer], str] = lambda _path, _answer: ""
    """What is wrong with the answer to a path, "" for nothing."""
    seconds: float = 0.0
    cpu_s: float = 0.0  # of this client
    statuses: Counter[int] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)  # what X-Fresh says
    times: dict[int, list[float]] = field(default_factory=dict)
    bodies: Counter[int] = field(default_factory=Counter)  # of 200s, by hash
    faults: Counter[str] = field(default_factory=Counter)  # what should never be

    def add(self, path: str, answer: Answer, asked: float) -> None:
        self.statuses[answer.status] += 1
        self.times.setdefault(answer.status, []).append(time.perf_counter() - asked)
        if answer.status == 200:
            self.bodies[hash(answer.body)] += 1
            if source := answer.header("X-Fresh"):
                self.sources[source] += 1
        elif answer.status in (429, 503) and b"\r\nRetry-After: " not in answer.head:
            self.faults[f"{answer.status} without Retry-After"] += 1
        if fault := self.fault(path, answer):
            self.faults[fault] += 1

    @property
    def count(self) -> int:
        """Answers of every kind."""
        return self.statuses.total()

    @property
    def rate(self) -> float:
        """Answers of 200 a second."""
        return self.statuses[200] / self.seconds

    def __str__(self) -> str:
        asked = f"{self.count / self.seconds:.0f}/s answered" if self.count > self.statuses[200] else ""
        lines = [f"{self.rate:.0f}/s of 200 over {self.seconds:.1f} s {asked} {dict(self.statuses)}"]
        lines += [f"  {status} in {quantiles(times)}" for status, times in sorted(self.times.items())]
        lines.append(f"  different bodies: {len(self.bodies)}; X-Fresh: {dict(self.sources)}")
        lines.append(f"  faults: {dict(self.faults) or 'none'}")
        return "\n".join(lines)


class Connection:
    """One connection and what has come over it so far."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.path, self.asked, self.data = "", 0.0, b""

    def ask(self, host: str, path: str, accept: str, asked: float | None = None) -> None:
        self.path, self.asked = path, time.perf_counter() if asked is None else asked
        self.socket.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n".encode())

    def receive(self) -> Answer | None:
        """The answer, if it is all there; raises ConnectionError if the connection ends before."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError
        self.data = self.data + data if self.data else data
        end = self.data.find(b"\r\n\r\n")
        length = _LENGTH.search(self.data, 0, end) if end > 0 else None
        if not length or len(self.data) < end + 4 + int(length[1]):
            return None
        data, self.data = self.data, b""
        return Answer(int(data[9:12]), data[:end], data[end + 4 :])


class _Crowd:
    """Connections of which some wait for their answer."""

    def __init__(self, port: int, count: int, tally: Tally) -> None:
        self.port, self.tally = port, tally
        self.free = deque(Connection(port) for _ in range(count))  # in turn, so that none gets old
        self.busy: dict[int, Connection] = {}
        self.poll = select.epoll()
        for connection in self.free:
            self.poll.register(connection.socket, select.EPOLLIN)

    def ask(self, host: str, path: str, accept: str, due: float | None) -> None:
        connection = self.free.popleft()
        self.busy[connection.socket.fileno()] = connection
        connection.ask(host, path, accept, due)

    def read(self, wait_s: float) -> None:
        """Take what answers there are."""
        for number, _ in self.poll.poll(wait_s):
            if (connection := self.busy.get(number)) is None:
                continue
            try:
                answer = connection.receive()
            except ConnectionError as error:
                self.tally.faults[type(error).__name__] += 1
                connection.socket.close()
                self.free.append(Connection(self.port))
                self.poll.register(self.free[-1].socket, select.EPOLLIN)
                del self.busy[number]
                continue
            if answer:
                self.tally.add(connection.path, answer, connection.asked)
                self.free.append(self.busy.pop(number))

    def close(self) -> None:
        for connection in self.free:
            connection.socket.close()
        self.poll.close()


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
    go_on: Callable[[], bool] = lambda: True,
    fault: Callable[[str, Answer], str] = lambda _path, _answer: "",
) -> Tally:
    """Ask until so many requests or seconds are over, or `go_on` says no.

    Without a `rate` each connection asks again as soon as it is answered. With one, requests are
    due at fixed times whatever becomes of those before, and count from when they were due.
    """
    tally = Tally(fault)
    crowd, sent = _Crowd(port, connections, tally), 0
    started, cpu = time.perf_counter(), time.thread_time()

    def more() -> bool:
        over = time.perf_counter() - started >= seconds if seconds is not None else False
        return not over and sent != requests and go_on()

    while (going := more()) or crowd.busy:
        while going and crowd.free and (rate is None or started + sent / rate <= time.perf_counter()):
            crowd.ask(host, next(paths), accept, started + sent / rate if rate else None)
            sent += 1
            going = more()
        if rate:
            time.sleep(TICK_S)
        crowd.read(0 if rate else 1)
    tally.seconds, tally.cpu_s = time.perf_counter() - started, time.thread_time() - cpu
    crowd.close()
    return tally


def ask(port: int, host: str, path: str, accept: str = "*/*") -> Answer:
    """One request, over a connection of its own."""
    connection = Connection(port)
    connection.ask(host, path, accept)
    while not (answer := connection.receive()):
        pass
    connection.socket.close()
    return answer


def quantiles(seconds: list[float]) -> str:
    """The middle, the 99th of a hundred and the worst, in words."""
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return f"p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, worst {ordered[-1] * 1e3:.1f} ms"
