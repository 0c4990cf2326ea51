"""Who may be asked, where a redirect may lead, and what another host gets to see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from doesnotexist.downloads.transport import MAX_HOPS, Address, Network, check_address, open_address
from doesnotexist.errors import SourceFailed

SECRET = {"Authorization": "Bearer hf_secret"}


def read(address: Address, network: Network) -> bytes:
    with open_address(address, {}, network, time.monotonic() + 5) as answer:
        return b"".join(iter(lambda: answer.read(1000), b""))


def moved(to: str, status: int = 302) -> Any:
    return lambda handler: handler.reply(status, Location=to)


@pytest.fixture
def other(server: Any) -> Iterator[Any]:
    """A second server, of another origin."""
    import threading

    with type(server)() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "HTTP://example.com/x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "//example.com/x",
        "x",
        "",
        "https:///x",
        "https://user@example.com/x",
        "https://:word@example.com/x",
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fe80::1]/x",
        "https://[fd00::1]/x",
        "https://10.0.0.1/x",
        "https://172.16.0.1/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/x",
        "https://224.0.0.1/x",
        "https://255.255.255.255/x",
        "https://localhost/x",
        "https://LOCALHOST./x",
        "https://127.0.0.1:8443/x",
        "https://example.com:99999/x",
        "https://[nonsense/x",
    ],
)
def test_an_address_that_is_never_asked(url: str) -> None:
    with pytest.raises(SourceFailed):
        read(Address(url), Network())


@pytest.mark.parametrize("ip", ["1.1.1.1", "[2606:4700:4700::1111]"])
def test_a_public_address_may_be_asked(ip: str) -> None:
    check_address(Address(f"https://{ip}/x"), Network())


def test_a_trusted_origin_is_that_scheme_host_and_port_alone(server: Any, network: Network) -> None:
    check_address(Address(f"{server.origin}/x"), network)
    for url in (f"http://localhost:{server.server_port}/x", "http://127.0.0.1/x", "http://127.0.0.1:1/x"):
        with pytest.raises(SourceFailed, match="https"):
            check_address(Address(url), network)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server: Any, network: Network, status: int) -> None:
    server.serve("/there/b", b"bytes")
    server.answers["/here/a"] = moved("../there/b", status)

    assert read(Address(f"{server.origin}/here/a"), network) == b"bytes"


@pytest.mark.parametrize(
    "to",
    [
        "http://localhost:{port}/b",
        "http://127.0.0.1/b",
        "http://example.com/b",
        "https://127.0.0.1:{port}/b",
        "https://localhost/b",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/b",
        "https://user@example.com/b",
        "file:///etc/passwd",
        "ftp://127.0.0.1/b",
        "//localhost:{port}/b",
        "gopher://x",
        "https://[nonsense",
        "/b c",
    ],
)
def test_a_redirect_is_looked_at_before_it_is_followed(server: Any, network: Network, to: str) -> None:
    server.serve("/b", b"bytes")
    server.answers["/a"] = moved(to.format(port=server.server_port))

    with pytest.raises(SourceFailed):
        read(Address(f"{server.origin}/a"), network)
    assert [path for _, path, _ in server.seen] == ["/a"]


def test_redirects_end(server: Any, network: Network) -> None:
    server.answers["/a"] = moved("/a")

    with pytest.raises(SourceFailed, match=f"at most {MAX_HOPS} redirects"):
        read(Address(f"{server.origin}/a"), network)
    assert len(server.seen) == MAX_HOPS + 1


def test_a_secret_stays_at_its_own_origin(server: Any, other: Any, network: Network) -> None:
    network = replace(network, trusted=frozenset({server.origin, other.origin}))
    server.answers["/a"] = moved("/b")
    server.answers["/b"] = moved(f"{other.origin}/c")
    other.answers["/c"] = moved(f"{server.origin}/d")
    server.serve("/d", b"bytes")

    assert read(Address(f"{server.origin}/a", SECRET), network) == b"bytes"
    seen = [(path, "authorization" in headers) for _, path, headers in server.seen + other.seen]
    assert seen == [("/a", True), ("/b", True), ("/d", False), ("/c", False)]


def test_an_error_never_shows_a_secret(server: Any, network: Network) -> None:
    with pytest.raises(SourceFailed) as caught:
        read(Address(f"{server.origin}/absent", SECRET), network)

    assert "hf_secret" not in str(caught.value)


def test_the_proxy_of_the_environment_is_asked_for_a_tunnel(
    server: Any, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def do_CONNECT(handler: Any) -> None:
        asked.append(f"{handler.path} {handler.headers.get('Proxy-Authorization', '')}")
        handler.send_error(502)

    monkeypatch.setattr(server.RequestHandlerClass, "do_CONNECT", do_CONNECT, raising=False)
    monkeypatch.setenv("https_proxy", f"http://me:word@127.0.0.1:{server.server_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(SourceFailed, match="Tunnel"):
        read(Address("https://weights.example.com/x"), network)

    assert asked == ["weights.example.com:443 Basic bWU6d29yZA=="]
