"""A real HTTP server on this machine that lies in whatever way a test chooses."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from doesnotexist.cards import Hub, Mirror, WeightFile
from doesnotexist.downloads.transport import Network
from doesnotexist.weights import Store

DATA = bytes(i * i % 251 for i in range(300_000))

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the answer that the test set for its path."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, path, headers))
        self.close_connection = True
        try:
            self.server.answers[path](self)
        except KeyError:
            self.reply(404)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client has heard enough

    do_HEAD = do_GET  # noqa: N815  # http.server's own names

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer; header names are written with `_` for `-`."""
        self.send_response(status)
        headers = {"Content_Length": str(len(body)), "Connection": "close", **headers}
        for name, value in headers.items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    @property
    def start(self) -> int:
        """Where the asked range begins; 0 for the whole."""
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))


class Server(ThreadingHTTPServer):
    """`answers` by path; `seen` are method, path and headers of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up is what many tests are about

    def serve(self, path: str, data: bytes = DATA) -> None:
        """An honest answer at `path`, ranges included."""

        def answer(handler: Handler) -> None:
            start = handler.start
            if start:
                place = f"bytes {start}-{len(data) - 1}/{len(data)}"
                handler.reply(206, data[start:], Content_Range=place)
            else:
                handler.reply(200, data)

        self.answers[path] = answer

    def ranges(self) -> list[str | None]:
        """The Range header of every GET."""
        return [headers.get("range") for method, _, headers in self.seen if method == "GET"]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def network(server: Server) -> Network:
    """Impatient, and allowed to ask the test's own server."""
    return Network(
        timeout_s=3.0,
        patience_s=0.3,
        minimum_rate=50_000.0,
        deadline_s=20.0,
        attempts=3,
        backoff_s=0.01,
        trusted=frozenset({server.origin}),
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def weight_file(server: Server) -> Callable[..., WeightFile]:
    """Makes the row of a file whose sources are paths on the test's server, or hub rows."""

    def make(*sources: str | Hub, data: bytes = DATA, **changes: Any) -> WeightFile:
        # no registry could name such an address: only model_construct gets past the rule
        rows = [s if isinstance(s, Hub) else Mirror.model_construct(url=server.origin + s) for s in sources]
        row = WeightFile(
            name="weights.safetensors",
            format="safetensors",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            sources=(Mirror(url="https://example.com/x"),),
        )
        return row.model_copy(update={"sources": tuple(rows), **changes})

    return make


@pytest.fixture
def patient(network: Network) -> Network:
    """As `network`, with time for a slow machine."""
    return replace(network, patience_s=30.0, deadline_s=60.0, timeout_s=10.0)
