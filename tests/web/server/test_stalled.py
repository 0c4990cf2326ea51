"""Visitors who ask for much and read nothing, or take their time to ask."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from doesnotexist_web.server import stalled
from doesnotexist_web.server.stalled import let_go_of_stalled

PIECE = b"x" * 2**20


@pytest.fixture
def ended():
    return threading.Event()


@pytest.fixture
def server(ended):
    """A server whose answers are longer than what a socket holds, and one longer than its own buffers."""
    from waitress import create_server, wasyncore

    def pieces(count):
        try:
            for _ in range(count):
                yield PIECE
        finally:
            ended.set()

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return pieces(64 if environ["PATH_INFO"] == "/endless" else 12)

    made = create_server(app, host="127.0.0.1", port=0, threads=2, channel_timeout=2, cleanup_interval=1)
    let_go_of_stalled(made)
    sockets, over = made._map, threading.Event()

    def run():
        while not over.is_set():
            wasyncore.loop(timeout=0.05, map=sockets, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    yield made
    over.set()
    thread.join()
    made.task_dispatcher.shutdown()
    wasyncore.close_all(sockets)


def asked(server, path: str) -> socket.socket:
    """A connection that has asked, and reads nothing of its own accord."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", int(server.effective_port)))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: zoo.test\r\nConnection: close\r\n\r\n".encode())
    return connection


def wait_for_the_end(server, connection: socket.socket, bytes_at_a_time: int) -> bool:
    """Whether a connection is let go of, of which so little is read ten times a second."""
    connection.settimeout(1)
    begin = time.monotonic()
    while not server.active_channels:  # the server has not taken it in yet
        assert time.monotonic() < begin + 15
    while server.active_channels and time.monotonic() < begin + 8:
        with contextlib.suppress(OSError):
            connection.recv(bytes_at_a_time) if bytes_at_a_time else None
        time.sleep(0.1)
    return not server.active_channels


@pytest.mark.parametrize("path", ["/endless", "/long"])
def test_who_reads_nothing_is_let_go_of(server, ended, path):
    with asked(server, path) as connection:
        assert wait_for_the_end(server, connection, 0)
        assert ended.wait(15)


def test_who_reads_a_little_now_and_then_holds_nobody(server, ended):
    """As slowly as 40 KB a second: enough for a picture, but here a thread waits for it."""
    with asked(server, "/endless") as connection:
        assert wait_for_the_end(server, connection, 4096)
        assert ended.wait(15)


def test_who_reads_slowly_what_no_thread_waits_for_gets_it(server):
    with asked(server, "/long") as connection:
        assert not wait_for_the_end(server, connection, 4096)


def test_who_reads_gets_all_of_it(server):
    with socket.create_connection(("127.0.0.1", int(server.effective_port))) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: zoo.test\r\nConnection: close\r\n\r\n")
        got = 0
        while piece := connection.recv(2**18):
            got += len(piece)
            time.sleep(0.02)  # in all longer than a connection may stand still

    assert got > 64 * len(PIECE)


def drip(connection: socket.socket, for_s: float) -> None:
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        connection.sendall(b"x")
        time.sleep(0.2)


def test_who_asks_a_letter_at_a_time_is_let_go_of(server, monkeypatch):
    monkeypatch.setattr(stalled, "ASKING_S", 2)
    with socket.create_connection(("127.0.0.1", int(server.effective_port)), timeout=5) as connection:
        connection.sendall(b"GET /long HTTP/1.1\r\nHost: zoo.test\r\nX-Slow: ")
        with pytest.raises(ConnectionError):
            drip(connection, 15)
