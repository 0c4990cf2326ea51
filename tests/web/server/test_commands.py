"""`doesnotexist serve`, as a process of its own with a plugin that came in by its entry point."""

from __future__ import annotations

import http.client
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGIN = """
import numpy as np
from doesnotexist import Generator, Picture, hookimpl


class Dots(Generator):
    domain, noun, title = "dots", "dot", "This Dot Does Not Exist"

    def load(self, card, files, device):
        return self

    def sample(self, recipes):
        return [Picture(np.full((8, 8, 3), recipe.seed % 256, np.uint8)) for recipe in recipes]


@hookimpl
def register_generators(register):
    register(Dots())
"""
BROKEN = 'raise ImportError("no feelings today")'
COMMAND = "from doesnotexist_web.server.commands import serve; serve()"


def install(folder: Path, name: str, source: str) -> None:
    """A distribution with one plugin, as pip would leave it."""
    (folder / f"{name}.py").write_text(source)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[doesnotexist]\n{name} = {name}\n")


@pytest.fixture
def environment(settings, tmp_path: Path) -> dict[str, str]:
    """Two strangers' plugins, one of them broken, with weights in the store."""
    site = tmp_path / "site"
    site.mkdir()
    install(site, "some_dots", PLUGIN)
    install(site, "some_moods", BROKEN)
    settings.registry.write_text(settings.registry.read_text().replace("moods", "dots"))
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(site), *filter(None, sys.path)]),
        "DOESNOTEXIST_STORE": str(settings.store),
        "DOESNOTEXIST_REGISTRY": str(settings.registry),
        "DOESNOTEXIST_PLUGINS": "some_dots,some_moods",
        "COLUMNS": "40",  # an address is never wrapped
    }


def start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Served:
    """A running server, from when it has said where it is."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self.process = process
        lines = iter(process.stdout.readline, "")
        self.said = "".join(itertools.takewhile(lambda line: "Ctrl-C" not in line, lines))
        found = re.match(r"http://localhost:(\d+)/", self.said)
        assert found, self.said
        self.port = int(found[1])

    def ask(self, host: str, path: str = "/", accept: str = "*/*") -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"Host": host, "Accept": accept})
        answer = connection.getresponse()
        self.headers = answer.headers
        body = answer.read()
        connection.close()
        return answer.status, answer.headers.get_content_type(), body

    def say(self, raw: bytes) -> bytes:
        """The first line of the answer to raw bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(raw)
            return connection.makefile("rb").readline()


@pytest.fixture
def served(environment: dict[str, str]) -> Iterator[Served]:
    with start(environment, "--port", "0") as process:
        try:
            yield Served(process)
        finally:
            process.kill()


def test_it_serves(served: Served) -> None:
    status, kind, picture = served.ask(f"dots.localhost:{served.port}", "/", "image/*")

    assert (status, kind) == (200, "image/jpeg")
    assert picture.startswith(b"\xff\xd8\xff")
    assert "Server" not in served.headers
    assert served.ask("dots.localhost", "/", "text/html")[1] == "text/html"
    assert served.ask("localhost", "/generate/dots?seed=-1")[0] == 400
    assert served.ask("evil.test")[0] == 421
    assert served.ask("nobody.localhost")[0] == 404


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: dots.localhost\r\nHost: evil.test\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.0\r\n\r\n", b"400"),
        (b"GET http://dots.localhost/ HTTP/1.1\r\nHost: evil.test\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: dots.localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: dots.localhost\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET //. HTTP/1.1\r\nHost: dots.localhost\r\n\r\n", b"404"),
        (b"GET //evil.test/.. HTTP/1.1\r\nHost: dots.localhost\r\n\r\n", b"404"),
    ],
)
def test_odd_requests(served: Served, raw: bytes, status: bytes) -> None:
    assert status in served.say(raw)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_it_ends_when_told(served: Served, name: str) -> None:
    served.ask("dots.localhost")
    served.process.send_signal(getattr(signal, name))
    _, errors = served.process.communicate(timeout=20)

    assert served.process.returncode == 0
    assert "Traceback" not in errors
    assert re.search("some_moods is not served, broken: .*no feelings today", served.said)
    assert f"http://dots.localhost:{served.port}/" in served.said


def test_a_port_that_is_taken_is_one_clear_line(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        process = start(environment, "--port", str(port))
        out, errors = process.communicate(timeout=20)

    assert (process.returncode, out) == (3, "")
    assert errors.splitlines()[-1].startswith(
        f"Error: cannot listen on 127.0.0.1:{port}: something else listens there"
    )
    assert "Traceback" not in errors


def test_a_port_that_is_no_number_is_wrong_usage(environment: dict[str, str]) -> None:
    process = start(environment, "--port", "99999")

    assert "port" in process.communicate(timeout=20)[1]
    assert process.returncode == 2


def test_adding_the_command_costs_no_flask(environment: dict[str, str]) -> None:
    code = (
        "import sys, click, doesnotexist_web.plugin as plugin\n"
        "cli = click.Group(); plugin.register_commands(cli)\n"
        "print(sorted(cli.commands), [m for m in ('flask', 'torch', 'waitress') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout == "['serve'] []\n"


def test_an_operator_decides_by_options(environment: dict[str, str]) -> None:
    with start(
        environment, "--port", "0", "--engine", "thread", "--status", "local", "--warm", "none"
    ) as process:
        try:
            served = Served(process)
            assert served.ask("localhost", "/status")[0] == 200
            assert served.ask("localhost", "/readyz")[0] == 200
            assert served.ask("dots.localhost", "/", "image/*")[0] == 200
        finally:
            process.kill()
