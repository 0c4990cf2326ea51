"""Real HTTP: the hosts that are answered and those that are not, and the clients of older sites."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from doesnotexist.testing.fakes import fake_card, fake_zoo
from doesnotexist_web.app import create_app

from .conftest import WEIGHTS, Waves
from .wire import Wire, served


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A site of waves at zoo.test, with `this-wave.test` for their own host."""
    folder: Path = tmp_path_factory.mktemp("zoo")
    card = fake_card("waves", {"weights": WEIGHTS}, resolution=32)
    settings = {"base_domain": "zoo.test", "hosts": "this-wave.test: waves", "media_bytes": "1MiB"}
    with (
        fake_zoo(folder, Waves(), {"weights": WEIGHTS}, card, **settings) as zoo,
        served(create_app(zoo)) as wire,
    ):
        yield wire


# The hosts of the threat that a Host header is (case, port, trailing dot, two labels, too long a
# label, addresses, punycode, underscore, userinfo, none), and what is answered to each.
HOSTS = [
    (b"zoo.test", 200),
    (b"ZOO.TEST", 200),
    (b"zoo.test.", 200),
    (b"zoo.test:8000", 200),
    (b"waves.zoo.test", 200),
    (b"WAVES.zoo.test.:8000", 200),
    (b"waves.localhost", 200),
    (b"127.0.0.1", 200),
    (b"[::1]:8000", 200),
    (b"this-wave.test", 200),
    (b"dragons.zoo.test", 404),
    (b"xn--wve-0ra.zoo.test", 404),
    (b"<invalid>.zoo.test", 400),
    (b"waves_.zoo.test", 400),
    (b"..zoo.test", 400),
    (b"waves..zoo.test", 400),
    (b"a" * 64 + b".zoo.test", 400),
    (b"a" * 300 + b".zoo.test", 400),
    (b"user@waves.zoo.test", 400),
    (b"waves.zoo.test:port", 400),
    (b"", 400),
    (None, 400),
    (b"evil.example", 421),
    (b"evilzoo.test", 421),
    (b"a.waves.zoo.test", 421),
    (b"169.254.169.254", 421),
    (b"zoo.test.evil.example", 421),
    (b"sub.this-wave.test", 421),
]


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_hosts(wire: Wire, host: bytes | None, status: int) -> None:
    line = b"" if host is None else b"Host: %s\r\n" % host

    assert wire.status(b"GET /healthz HTTP/1.1\r\n%sConnection: close\r\n\r\n" % line) == status


def test_two_hosts_are_none(wire: Wire) -> None:
    raw = b"GET /healthz HTTP/1.1\r\nHost: zoo.test\r\nHost: evil.example\r\nConnection: close\r\n\r\n"

    assert wire.status(raw) == 400


def test_a_host_is_the_same_however_it_is_written(wire: Wire) -> None:
    raw = b"GET /image?seed=7 HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
    bodies = {
        wire.say(raw % host).partition(b"\r\n\r\n")[2]
        for host in (b"waves.zoo.test", b"WAVES.zoo.test.:8000", b"waves.localhost", b"this-wave.test")
    }

    assert len(bodies) == 1
    assert bodies.pop().startswith(b"\xff\xd8\xff")


def get(wire: Wire, path: str, **headers: str) -> requests.Response:
    """As a program asks whose author has changed nothing but the host."""
    sent = {"Host": "waves.zoo.test", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", **headers}
    answer = requests.get(wire.base + path, headers=sent, timeout=30)
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize("path", ["/image", "/image?1732242424123", "/image.jpg?v=0.8231", "/", "/?t=5"])
def test_a_program_that_downloads_the_picture(wire: Wire, path: str) -> None:
    first, second = get(wire, path), get(wire, path)

    assert first.headers["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(first.content)).format == "JPEG"
    # by which such programs tell a new face from one that they have
    assert hashlib.md5(first.content).digest() != hashlib.md5(second.content).digest()  # noqa: S324


def test_curl(wire: Wire, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("there is no curl")
    target = tmp_path / "face.jpg"
    command = ["curl", "-sfo", str(target), "--connect-to", f"waves.zoo.test:80:127.0.0.1:{wire.port}"]
    subprocess.run([*command, "http://waves.zoo.test/"], check=True, timeout=30)

    assert target.read_bytes().startswith(b"\xff\xd8\xff")


def test_a_program_that_wishes_for_gender_and_age(wire: Wire) -> None:
    wishes = "time=1732242424&gender=female&age=26-35&etnic=asian"
    told = get(wire, f"/new?{wishes}").json()
    picture = get(wire, told["src"])

    assert picture.headers["Content-Type"] == "image/jpeg"
    assert told["not_honoured"] == ["gender", "age", "etnic"]


def test_a_program_that_wants_a_placeholder_of_a_shape(wire: Wire) -> None:
    first, second = (get(wire, "/seed/picsum/200/300.webp") for _ in range(2))

    assert first.headers["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(first.content)).size == (200, 300)
    assert first.content == second.content


def test_a_program_that_wants_json(wire: Wire) -> None:
    record = get(wire, "/", Accept="application/json").json()
    batch = requests.post(
        f"{wire.base}/generate/waves",
        json={"count": 3, "format": "json"},
        headers={"Host": "zoo.test"},
        timeout=30,
        stream=True,
    )

    assert (record["domain"], record["exists"]) == ("waves", False)
    assert [json.loads(line)["index"] for line in batch.iter_lines()] == [0, 1, 2]
