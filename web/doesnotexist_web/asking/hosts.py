"""Which site a request is for: our own strict reading of the Host header and of `/d/<domain>`.

Flask's subdomain matching answers foreign hosts, other ports and missing headers with the literal
subdomain `<invalid>`; here whatever is not plainly one of our hosts is refused before routing.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from doesnotexist.errors import DoesNotExistError, HostForeign, HostMalformed, InvalidParameter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Letters are matched as ASCII before anything is folded: `str.lower` makes an ASCII k of the Kelvin sign.
_HOST = re.compile(
    rf"(?P<name>\[[0-9a-f:.]{{2,45}}\]|(?:{_LABEL}\.)*{_LABEL})\.?(?::(?P<port>[0-9]{{1,5}}))?",
    re.IGNORECASE | re.ASCII,
)
_PREFIX = re.compile(rf"(/d/(?P<domain>{_LABEL}))(?=/|\Z)")
MAX_HOST = 253  # letters in a host name (RFC 1035)


@dataclass(frozen=True)
class Site:
    """One of our hosts: `domain` is "" for the index; `prefix` is "/d/cats" where there is no DNS.

    `name` is the host of a domain that has one of its own, and `kin` are the domains that have, by
    name: their sites link to each other by them.
    """

    domain: str
    zone: str  # what domains are labels of: "zoo.test", "localhost", or an address without labels
    port: str = ""  # with its colon: ":8000"
    prefix: str = ""
    name: str = ""
    kin: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The host of this site, from our own names and never from the request's text."""
        if self.name:
            return f"{self.name}{self.port}"
        by_label = self.domain and not self.prefix
        return f"{self.domain}.{self.zone}{self.port}" if by_label else f"{self.zone}{self.port}"

    @cached_property
    def _by_path(self) -> bool:
        """Whether domains are paths here, for lack of names; every page has links to all of them."""
        return bool(self.prefix) or is_address(self.zone)

    def home(self, scheme: str) -> str:
        """The address of the index."""
        return f"{scheme}://{self.zone}{self.port}/"

    def address(self, domain: str, scheme: str) -> str:
        """The address of a domain's site, as this visitor can reach it."""
        if self._by_path:
            return f"{self.home(scheme)}d/{domain}/"
        if self.name and domain in self.kin:
            own = self.name if domain == self.domain else self.kin[domain]
            return f"{scheme}://{own}{self.port}/"
        return f"{scheme}://{domain}.{self.zone}{self.port}/"


class Hosts:
    """The hosts this site answers for: the base, its one-label subdomains, and this machine's own.

    `own` are further hosts, each the site of one domain: `{"thiscatdoesnotexist.example": "cats"}`.
    Raises InvalidParameter for a base that is no host name, or that is somebody's own host too.
    """

    def __init__(self, base: str, listen: str = "", own: Mapping[str, str] | None = None) -> None:
        try:
            self.base, port = split(base)
        except HostMalformed:
            raise InvalidParameter("base-domain", "a host name such as zoo.example", base) from None
        if port:
            raise InvalidParameter("base-domain", "a host name without a port", base)
        self.zones = {zone for zone in (self.base, "localhost") if not is_address(zone)}
        self.bare = {self.base, *LOOPBACK, *_listening(listen)}
        self.own = dict(own or {})
        if taken := self.bare & self.own.keys():
            raise InvalidParameter("hosts", "hosts that are not the index of all", min(taken))
        # of several hosts of one domain the first is what others link to
        self.kin = {domain: host for host, domain in reversed(self.own.items())}

    def resolve(self, header: str) -> Site:
        """The site that a Host header names; raises HostMalformed or HostForeign."""
        name, port = split(header)
        if name in self.bare:
            return Site("", name, port)
        if name in self.own:
            return Site(self.own[name], self.base, port, name=name, kin=self.kin)
        domain, _, zone = name.partition(".")
        if zone not in self.zones:
            raise HostForeign(name, self.base)
        return Site(domain, zone, port)


def at_path(site: Site, path: str) -> tuple[Site, str]:
    """`/d/cats/image` on a bare host: the site of cats with that prefix, and the path behind it."""
    found = _PREFIX.match(path)
    if not found or site.domain:
        return site, path
    return replace(site, domain=found["domain"], prefix=found[1]), path[found.end() :] or "/"


def split(header: str) -> tuple[str, str]:
    """`CATS.zoo.test.:8000` → ("cats.zoo.test", ":8000"); raises HostMalformed."""
    found = _HOST.fullmatch(header)
    if not found or len(found["name"]) > MAX_HOST or int(found["port"] or 0) > 65535:
        raise HostMalformed(header)
    return found["name"].lower(), f":{found['port']}" if found["port"] else ""


def is_address(name: str) -> bool:
    """Whether `name` is an IP address, which cannot have subdomains."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _listening(host: str) -> Iterable[str]:
    """The address the server listens on, as it stands in a Host header; nothing for "all of them"."""
    if not is_address(host):
        return ()
    address = ipaddress.ip_address(host.strip("[]"))
    written = f"[{address}]" if address.version == 6 else str(address)
    return () if address.is_unspecified else (written,)


class SiteMiddleware:
    """Finds the site before Flask routes: `environ["doesnotexist.site"]`, or an error to raise.

    `/d/cats/…` on a bare host becomes the site of cats with that prefix in SCRIPT_NAME, so that
    routes, and the links they build, know nothing of prefixes.
    """

    def __init__(self, app: WSGIApplication, hosts: Hosts) -> None:
        self.app, self.hosts = app, hosts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ.setdefault("doesnotexist.begun", time.perf_counter())
        header = environ.get("HTTP_HOST", "")
        try:
            site = self.hosts.resolve(header)
        except DoesNotExistError as error:
            environ["doesnotexist.refused"] = error
            site = Site("", self.hosts.base, split(header)[1] if isinstance(error, HostForeign) else "")
        site, environ["PATH_INFO"] = at_path(site, environ.get("PATH_INFO", ""))
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + site.prefix
        environ["HTTP_HOST"] = site.host  # the stranger's text ends here
        environ["doesnotexist.site"] = site
        return self.app(environ, start_response)
