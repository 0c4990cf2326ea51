"""How a server ends: what it was asked for before is finished, nothing new is taken."""

from __future__ import annotations

import signal
import socket
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from doesnotexist_web.app import create_app
from doesnotexist_web.server.stopping import Told, end_when_told, finish

LARGE = 24 * 2**20  # bytes, more than the buffers of a socket hold


@pytest.fixture
def server(zoo):
    """A waitress server of a site with a slow and a large answer."""
    from waitress import create_server

    app = create_app(zoo)
    app.add_url_rule("/slow", "slow", lambda: time.sleep(6) or "at last")
    app.add_url_rule("/large", "large", lambda: b"x" * LARGE)
    app.add_url_rule("/endless", "endless", lambda: time.sleep(9) or "too late")
    return create_server(app, host="127.0.0.1", port=0, threads=4, asyncore_use_poll=True)


def fetch(server, path: str, slowly: bool = False) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.effective_port}{path}", timeout=30) as answer:
        if slowly:
            time.sleep(3)
        return answer.read()


def serve_until(server, patience_s: float = 20) -> None:
    """Serve until a signal comes, after half a second."""
    end_when_told()

    def tell() -> None:
        time.sleep(0.5)
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=tell, daemon=True).start()
    with pytest.raises(Told):
        server.run()
    finish(server, patience_s)


@pytest.fixture(autouse=True)
def handlers():
    """The handlers of the tests, as they were."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def test_what_is_under_way_is_finished_and_sent(server):
    with ThreadPoolExecutor(2) as clients:
        asked = [clients.submit(fetch, server, "/slow"), clients.submit(fetch, server, "/large", True)]
        serve_until(server)

        assert asked[0].result() == b"at last"
        assert asked[1].result() == b"x" * LARGE


def test_nothing_new_is_taken(server):
    port = server.effective_port
    serve_until(server)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_patience_ends(server):
    with ThreadPoolExecutor(1) as clients:
        asked = clients.submit(fetch, server, "/endless")
        start = time.monotonic()
        serve_until(server, patience_s=1)

        assert time.monotonic() - start < 6
        with pytest.raises(OSError):  # noqa: PT011 - reset or closed without an answer
            asked.result()


def test_the_second_signal_is_an_order():
    end_when_told()
    with pytest.raises(Told):
        signal.raise_signal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
