"""One https GET, guarded: who is asked, for how long, and where a redirect may lead.

`http.client` rather than a library: the bytes must come as they are sent, each hop must be looked
at, and a server that sends one byte a second must not hold us for a day.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from ..errors import SourceFailed, quoted

MAX_HOPS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
RETRIED = (408, 425, 429, 500, 502, 503, 504)
_LONGEST_WAIT_S = 60.0


@dataclass(frozen=True)
class Network:
    """What a download may do, and how long it may take.

    `minimum_rate` (bytes a second) holds from `patience_s` on. `trusted` are origins, such as
    `http://127.0.0.1:8080`, that may be plain http or in a private network: for one's own mirror and
    for tests. It comes from the caller alone, never from a registry.
    """

    timeout_s: float = 20.0  # for each answer of the other side
    patience_s: float = 30.0
    minimum_rate: float = 16_000.0
    deadline_s: float = 6 * 3600.0  # for one file, all sources and tries together
    attempts: int = 4  # at each source
    backoff_s: float = 1.0  # doubled after each try
    hub_endpoint: str | None = None  # None: as huggingface_hub reads it
    trusted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Address:
    """A URL, and the headers that only its own origin may see."""

    url: str
    secret: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def name(self) -> str:
        """The URL for messages: without its query, which may hold a signature."""
        return quoted(self.url.partition("?")[0], 200)[1:-1]

    @property
    def origin(self) -> str:
        """`https://example.com`, with the port if it is not the usual one."""
        return f"{self.parts.scheme}://{self.parts.netloc}"

    def moved(self, location: str) -> Address:
        """Where a redirect leads; secrets stay behind when it leads to another origin."""
        there = replace(self, url=urljoin(self.url, location))
        return there if there.origin == self.origin else replace(there, secret={})


class Answer:
    """The answer to a GET: 200, 206 or 416, its headers, and a body to be read piece by piece."""

    def __init__(self, source: str, response: http.client.HTTPResponse, deadline: float) -> None:
        self.source, self.status = source, response.status
        self._response, self._deadline = response, deadline

    def header(self, name: str) -> str:
        """A header's value; empty if it was not sent."""
        return self._response.getheader(name, "")

    def read(self, limit: int) -> bytes:
        """What has arrived, at most `limit` bytes; empty at the end. Raises SourceFailed."""
        with _told(self.source, self._deadline):
            piece = self._response.read1(limit)
            if not piece and time.monotonic() >= self._deadline:
                raise TimeoutError  # the end is of our own making
            return piece


@contextmanager
def open_address(
    address: Address, headers: Mapping[str, str], network: Network, deadline: float
) -> Iterator[Answer]:
    """The answer to a GET, after at most `MAX_HOPS` redirects that were looked at one by one.

    `deadline` is a time of `time.monotonic`: reading fails soon after it. Raises SourceFailed.
    """
    with ExitStack() as stack:
        with _told(address.name, deadline):
            response = _follow(stack, address, headers, network, deadline)
        yield Answer(address.name, response, deadline)


def _follow(
    stack: ExitStack, address: Address, headers: Mapping[str, str], network: Network, deadline: float
) -> http.client.HTTPResponse:
    source = address.name
    for _ in range(MAX_HOPS + 1):
        check_address(address, network)
        response = stack.enter_context(_asked(address, headers, network, deadline))
        if response.status not in _REDIRECTS:
            _check_status(source, response)
            return response
        address = address.moved(response.getheader("Location", ""))
    raise SourceFailed(source, f"expected at most {MAX_HOPS} redirects, found more")


@contextmanager
def _told(source: str, deadline: float) -> Iterator[None]:
    """Turns whatever goes wrong on the way into SourceFailed."""
    try:
        yield
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        late = time.monotonic() >= deadline
        reason = "the deadline has passed" if late else f"{type(error).__name__} {quoted(str(error), 160)}"
        hopeless = isinstance(error, ssl.SSLCertVerificationError | ValueError)
        raise SourceFailed(source, reason, again=not late and not hopeless) from None


def check_address(address: Address, network: Network) -> None:
    """Raises SourceFailed unless the address is https at a public host, or of a trusted origin."""
    parts = address.parts
    if address.origin in network.trusted:
        return
    if parts.scheme != "https":
        raise SourceFailed(address.name, "expected https, found another scheme")
    if parts.username is not None or parts.password is not None or not parts.hostname:
        raise SourceFailed(address.name, "expected a host alone, found a user or none")
    if _proxy(parts.hostname):
        return  # the proxy looks the name up, in a network that may be private by right
    for *_, found in _looked_up(address):
        ip = ipaddress.ip_address(str(found[0]).partition("%")[0])
        if not ip.is_global or ip.is_multicast:
            raise SourceFailed(address.name, f"expected a public address, found {ip}")


def _looked_up(address: Address) -> list[Any]:
    host, port = address.parts.hostname, address.parts.port or 443
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = f"the name {quoted(host)} is not known here: {getattr(error, 'strerror', '') or error}"
        raise SourceFailed(address.name, reason) from None


@contextmanager
def _asked(
    address: Address, headers: Mapping[str, str], network: Network, deadline: float
) -> Iterator[http.client.HTTPResponse]:
    connection = _connection(address.parts, network.timeout_s)
    try:
        connection.connect()
        patience = time.monotonic() + network.patience_s
        with _cut_at(connection.sock, min(patience, deadline)):
            path = address.parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            connection.request("GET", path, headers={**headers, **address.secret})
            sock = connection.sock
            response = connection.getresponse()
        with response, _cut_at(sock, deadline):  # closing the connection would leave the response open
            yield response
    finally:
        connection.close()


def _connection(parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "http":  # only a trusted origin comes this far
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    proxy = _proxy(host)
    if proxy is None:
        return http.client.HTTPSConnection(host, port, timeout=timeout_s)
    tunnel = http.client.HTTPSConnection(proxy.hostname or "", proxy.port or 80, timeout=timeout_s)
    headers = {}
    if proxy.username is not None:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    tunnel.set_tunnel(host, port or 443, headers)
    return tunnel


def _proxy(host: str) -> SplitResult | None:
    """The proxy of the environment for https at this host, as the rest of Python reads it."""
    proxy = getproxies().get("https") or getproxies().get("all")
    if not proxy or proxy_bypass(host):
        return None
    return urlsplit(proxy if "://" in proxy else f"http://{proxy}")


@contextmanager
def _cut_at(sock: socket.socket, deadline: float) -> Iterator[None]:
    """Shuts the socket down at `deadline`: a time limit for each read alone can be dripped past."""

    def cut() -> None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _check_status(source: str, response: http.client.HTTPResponse) -> None:
    if response.status in (200, 206, 416):
        return
    again = response.status in RETRIED
    wait = response.getheader("Retry-After", "")
    wait_s = min(float(wait), _LONGEST_WAIT_S) if wait.isdecimal() and wait.isascii() else 0.0
    raise SourceFailed(source, f"answered {response.status} {quoted(response.reason)}", again, wait_s)
