"""Bytes on the wire that no browser sends: each gets a plain answer, or a closed connection.

Whatever comes, the next honest request is answered, and nothing that is asked for leads to a file.
"""

from __future__ import annotations

import re
import socket
import time
from random import Random

import pytest

from ..web.server.test_commands import Served

HOST = b"Host: dots.localhost\r\n"
# What is changed: an honest request of each kind, and the tricks by which two readers of HTTP disagree.
REQUESTS = [
    b"GET /generate/dots?seed=7 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /image.jpg HTTP/1.0\r\n" + HOST + b"Accept: image/*\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b'Accept: text/html\r\nIf-None-Match: "x"\r\n\r\n',
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
    b"GET / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"GET /static/page.css HTTP/1.1\r\n" + HOST + b"Range: bytes=0-,5-9999999999999\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]
PIECES = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"%00", b"%2e%2e%2f", b"%c0%ae", b"\xff", b"\x80",
    b"Host: evil.test\r\n", b"Content-Length: -1\r\n", b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n", b"X-Forwarded-Host: evil.test\r\n", b"Expect: 100-continue\r\n",
    b"Connection: upgrade\r\nUpgrade: h2c\r\n", b"a" * 9000, b"HTTP/1.1", b"HTTP/9.9", b"..", b"//", b";",
]  # fmt: skip
SIGNS_OF_A_FILE = re.compile(rb"root:.*:0:0:|Traceback|site-packages|\[project\]|BEGIN [A-Z ]*KEY")


def mutated(draw: Random) -> bytes:
    """A request with one to four changes."""
    data = bytearray(draw.choice(REQUESTS))
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(4):
            case 0:
                data[at:at] = draw.choice(PIECES)
            case 1:
                del data[at : at + draw.randint(1, 9)]
            case 2:
                data[at : at + 1] = bytes([draw.randrange(256)])
            case _:
                data[at:at] = data[at : at + 20] * draw.randint(1, 5)
    return bytes(data)


def answer_to(port: int, raw: bytes) -> bytes:
    """All that comes back until the server closes or says no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except ConnectionError:
            return b""


@pytest.mark.parametrize("count", [300, pytest.param(5_000, marks=pytest.mark.slow)])
def test_odd_bytes_break_nothing(served: Served, count: int) -> None:
    assert served.ask("dots.localhost", "/generate/dots?seed=7")[0] == 200  # its model is loaded
    statuses = set()
    for number in range(count):
        raw = mutated(Random(number))
        answer = answer_to(served.port, raw)
        status = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
        assert status or not answer, f"request {number}: {answer[:80]!r}"
        statuses |= {int(status[1])} if status else set()
        assert not SIGNS_OF_A_FILE.search(answer), f"request {number}"
        assert not status or int(status[1]) < 500 or int(status[1]) == 501, f"request {number}: {raw!r}"

    assert {200, 400} <= statuses  # both kinds were tried
    assert served.ask("dots.localhost", "/generate/dots?seed=7")[0] == 200


CLIMBS = ["..", "%2e%2e", "%2e.", "..%00", "%c0%ae%c0%ae", "%252e%252e", "..;", ".%0d%0a.", "%uff0e%uff0e"]
SLASHES = ["/", "%2f", "\\", "%5c", "//", "%252f", "/./"]
TARGETS = ["etc/passwd", "pyproject.toml", "page.css%00.png", "C:/windows/win.ini", "proc/self/environ"]
ROOTS = ["/", "/static/", "/generate/", "/d/dots/", "/static/../"]


def test_no_path_leads_to_a_file(served: Served) -> None:
    paths = [
        root + (climb + slash) * 6 + target
        for root in ROOTS
        for climb in CLIMBS
        for slash in SLASHES
        for target in TARGETS[:2]
    ] + [root + target for root in ROOTS for target in TARGETS]
    assert len(paths) >= 500
    for path in paths:
        answer = answer_to(served.port, f"GET {path} HTTP/1.0\r\n".encode() + HOST + b"\r\n")
        status = int(answer.split(b" ", 2)[1]) if answer else 400
        assert status in (301, 308, 400, 404), f"{path}: {answer[:80]!r}"
        assert not SIGNS_OF_A_FILE.search(answer), path


def test_slow_clients_cost_the_others_nothing(served: Served) -> None:
    assert served.ask("dots.localhost", "/generate/dots?seed=7")[0] == 200  # its model is loaded
    half = b"GET / HTTP/1.1\r\n" + HOST + b"X-Slow: "
    held = [socket.create_connection(("127.0.0.1", served.port), timeout=5) for _ in range(90)]
    try:
        for connection in held:
            connection.sendall(half)
        start = time.monotonic()
        assert served.ask("dots.localhost", "/generate/dots?seed=8")[0] == 200
        assert time.monotonic() - start < 1
    finally:
        for connection in held:
            connection.close()
