"""The server's loop with many connections."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack

import pytest
from waitress import create_server, wasyncore

from doesnotexist_web.server.turns import AT_ONCE, run

CROWD = 3 * AT_ONCE


@pytest.fixture
def server():
    """A server that says the path it was asked for."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]

    how = {"threads": 2, "asyncore_use_poll": True, "connection_limit": 250}
    made = create_server(app, host="127.0.0.1", port=0, **how)

    thread = threading.Thread(target=run, args=(made,))
    thread.start()
    yield made
    # a loop without sockets ends
    made.trigger.pull_trigger(lambda: wasyncore.close_all(made._map))
    thread.join(20)
    made.task_dispatcher.shutdown()
    assert not thread.is_alive()


def test_a_crowd_that_comes_at_once_is_served(server):
    with ExitStack() as stack:
        address = "127.0.0.1", int(server.effective_port)
        crowd = [stack.enter_context(socket.create_connection(address, timeout=20)) for _ in range(CROWD)]
        for number, each in enumerate(crowd):
            each.sendall(f"GET /{number} HTTP/1.1\r\nHost: zoo.test\r\nConnection: close\r\n\r\n".encode())
        for number, each in enumerate(crowd):
            assert each.makefile("rb").read().endswith(f"\r\n\r\n/{number}".encode())
