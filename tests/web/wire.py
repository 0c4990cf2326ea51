"""A site on a real socket, served by waitress as `serve` does, for tests that need the bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from waitress import create_server, wasyncore


class Wire:
    """Where the site is, and a way to send it any bytes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.base = f"http://127.0.0.1:{port}"

    def say(self, raw: bytes, wait_s: float = 10) -> bytes:
        """All that is answered to raw bytes, to which nothing is added."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except (ConnectionResetError, TimeoutError):
                pass
            return answer

    def status(self, raw: bytes) -> int:
        """The status of the answer to raw bytes, 0 for none."""
        answer = self.say(raw)
        return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


@contextmanager
def served(app: Flask) -> Iterator[Wire]:
    """The site of an application, until the block ends."""
    from doesnotexist_web.pages.verify import MAX_UPLOAD
    from doesnotexist_web.server.commands import MAX_HEADER
    from doesnotexist_web.server.stalled import let_go_of_stalled

    server = create_server(
        app,
        host="127.0.0.1",
        port=0,
        threads=8,
        max_request_header_size=MAX_HEADER,
        max_request_body_size=MAX_UPLOAD,
        inbuf_overflow=MAX_UPLOAD,
        ident=None,
        clear_untrusted_proxy_headers=False,
        asyncore_use_poll=True,
    )
    let_go_of_stalled(server)
    port, sockets, ended = server.effective_port, server._map, threading.Event()

    def run() -> None:
        while not ended.is_set():
            wasyncore.loop(timeout=0.05, use_poll=True, map=sockets, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Wire(port)
    finally:
        ended.set()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(sockets)
