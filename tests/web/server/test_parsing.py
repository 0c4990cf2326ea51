"""What is refused of a request before any of its body is kept."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from waitress.adjustments import Adjustments

from doesnotexist.testing.fakes import fake_card, fake_zoo
from doesnotexist_web.app import create_app
from doesnotexist_web.operating.limits import MAX_BODY
from doesnotexist_web.pages.verify import MAX_UPLOAD
from doesnotexist_web.server.parsing import LONG_AT_ONCE, Parser

from ..conftest import WEIGHTS, Waves
from ..wire import Wire, served

HOST = b"Host: zoo.test\r\n"
LONG = b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    folder: Path = tmp_path_factory.mktemp("zoo")
    card = fake_card("waves", {"weights": WEIGHTS}, resolution=32)
    with (
        fake_zoo(folder, Waves(), {"weights": WEIGHTS}, card, base_domain="zoo.test") as zoo,
        served(create_app(zoo)) as wire,
    ):
        yield wire


@pytest.mark.parametrize(
    "line",
    [b"POST /generate/waves", b"POST /d/waves/generate/waves", b"GET /verify", b"PUT /verify", b"POST /"],
)
def test_a_long_body_is_refused_at_its_header(wire: Wire, line: bytes) -> None:
    """Nothing of the body is sent, and yet there is an answer."""
    assert wire.status(line + b" HTTP/1.1\r\n" + HOST + LONG) == 413


@pytest.mark.parametrize("line", [b"POST /generate/waves", b"GET /image"])
def test_a_long_body_in_chunks_is_cut(wire: Wire, line: bytes) -> None:
    head = line + b" HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"

    assert wire.status(head + (b"ffffffff\r\n" + b"x" * MAX_BODY)[: MAX_BODY + 1]) == 413


def test_what_is_refused_is_not_asked_for(wire: Wire) -> None:
    answer = wire.say(b"POST / HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n" + LONG)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"X-Content-Type-Options: nosniff" in answer


@pytest.mark.parametrize("path", [b"/verify", b"/d/waves/verify"])
@pytest.mark.parametrize("size", [MAX_BODY + 1, MAX_UPLOAD - 1])
def test_a_file_to_look_at_may_be_long(wire: Wire, path: bytes, size: int) -> None:
    head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % size

    assert wire.status(head + b"?" * size) == 200


def test_long_files_are_kept_in_memory_and_few_at_a_time(wire: Wire, monkeypatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("on the disk")

    monkeypatch.setattr("tempfile.TemporaryFile", never)
    half = b"POST /verify HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % 10**6 + b"?" * 900_000
    held = [socket.create_connection(("127.0.0.1", wire.port), timeout=10) for _ in range(LONG_AT_ONCE)]
    for connection in held:
        connection.sendall(half)
    small = b"POST /verify HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\n?"

    assert b"Retry-After: 5" in wire.say(b"POST /verify HTTP/1.1\r\n" + HOST + LONG)
    assert wire.status(small) == 200  # whose file is small need not wait
    for connection in held:
        connection.sendall(b"?" * 100_000)
        assert connection.recv(12) in (b"HTTP/1.1 200", b"HTTP/1.1 503")  # two are looked at at a time
        connection.close()
    assert wire.status(b"POST /verify HTTP/1.1\r\n" + HOST + LONG + b"?" * (MAX_BODY + 1)) == 200


# By each of these, two readers that stand behind one another could see two different requests.
SMUGGLED = b"GET /status HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize(
    ("version", "lengths"),
    [
        (b"1.1", b"Content-Length: %d\r\nTransfer-Encoding: chunked" % (len(SMUGGLED) + 5)),
        (b"1.1", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        (b"1.1", b"Transfer-Encoding: chunked\r\ntransfer-encoding: chunked"),
        (b"1.1", b"Content-Length: 0\r\nContent-length: 0"),
        (b"1.1", b"Content-Length: 0, 0"),
        (b"1.1", b"Content-Length: +0"),
        (b"1.1", b"Content-Length : 5"),
        (b"1.1", b"Transfer-Encoding : chunked"),
        (b"1.1", b"Transfer-Encoding: xchunked"),
        (b"1.1", b"Transfer-Encoding:\x0bchunked"),
        (b"1.1", b"Transfer-Encoding:"),
        (b"1.1", b"Transfer-Encoding:\r\n chunked"),
        (b"1.1", b"Transfer-Encoding: chunked, chunked"),
        (b"1.1", b"X: y\nTransfer-Encoding: chunked"),
        (b"1.0", b"Transfer-Encoding: chunked"),
    ],
)
def test_a_length_that_can_be_read_in_two_ways(wire: Wire, version: bytes, lengths: bytes) -> None:
    head = b"POST / HTTP/" + version + b"\r\nConnection: keep-alive\r\n" + HOST + lengths + b"\r\n\r\n"
    answer = wire.say(head + b"0\r\n\r\n" + SMUGGLED)

    assert answer[9:12] == b"400"
    assert len(re.findall(rb"HTTP/1\.\d \d{3} ", answer)) == 1  # and the connection is closed


@pytest.mark.parametrize(
    ("address", "status"), [(b"http://evil.test/", 400), (b"http://ZOO.test/domains", 200)]
)
def test_an_address_with_a_host_names_the_same_one(wire: Wire, address: bytes, status: int) -> None:
    assert wire.status(b"GET " + address + b" HTTP/1.1\r\n" + HOST + b"\r\n") == status


def test_what_cannot_be_read_has_a_path_all_the_same() -> None:
    """waitress logs it when the asker has gone before the answer."""
    request = Parser(Adjustments())
    request.received(b"GET\r\n\r\n")

    assert request.error is not None
    assert request.path == ""
