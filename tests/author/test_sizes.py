"""Sizes are asked for before anything is fetched; what nobody tells is 0."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from doesnotexist.author.sizes import sizes


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200 if self.path == "/here" else 404)
        self.send_header("Content-Length", "12345")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def index():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_sizes_in_order(index, tmp_path):
    file = tmp_path / "a b.whl"
    file.write_bytes(b"123")
    urls = [
        file.as_uri(),
        f"{index}/here",
        f"{index}/absent",
        "http://127.0.0.1:1/x",
        "ftp://a/b",
        "",
        "file:///no",
    ]
    assert sizes(urls) == [3, 12345, 0, 0, 0, 0, 0]
    assert sizes([]) == []
