"""Requests as bytes: what may follow a header is said before any of it is kept.

waitress takes a body of the longest kind for any address, and writes it to the disk; and it settles what two
readers of HTTP could understand in two ways. Here either is refused as soon as the header is there.
"""

from __future__ import annotations

import copy
import re
from typing import Any, ClassVar
from weakref import WeakSet

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import Error

from ..answering.headers import ALWAYS
from ..operating.limits import MAX_BODY

LONG_AT_ONCE = 16  # bodies beyond that which are kept at a time, in memory
_LONG = re.compile(r"(?:/d/[^/]+)?/verify/?")
_LENGTHS = re.compile(rb"^(content-length|transfer-encoding)[ \t]*:(.*)", re.IGNORECASE | re.MULTILINE)


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request as it comes in, refused at its header if it may not have its body."""

    adj: Any
    error: Error | None = None
    path = ""  # of a header that cannot be read; waitress logs it where the asker has gone
    _kept: ClassVar[WeakSet[Parser]] = WeakSet()  # those with long bodies, until they are answered

    def received(self, data: bytes) -> int:
        """Take bytes; how many of them were this request's."""
        taken: int = super().received(data)
        if self.error:  # or all that has just been refused would be asked for with "100 Continue"
            self.expect_continue = False
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header; raises ParsingError for one that could be read in two ways."""
        lengths = [
            (name.lower(), value.strip(b" \t\r").lower()) for name, value in _LENGTHS.findall(header_plus)
        ]
        if len(lengths) > 1:
            raise ParsingError("The length of the body is given more than once")
        if lengths and lengths[0][0] != b"content-length" and lengths[0][1] != b"chunked":
            raise ParsingError("Transfer-Encoding is not chunked")
        super().parse_header(header_plus)
        if "TRANSFER_ENCODING" in self.headers:  # RFC 9112, 6.1: faulty, and another may have read it
            raise ParsingError("HTTP/1.0 has no Transfer-Encoding")
        if self.proxy_netloc and self.proxy_netloc.lower() != self.headers.get("HOST", "").lower():
            raise ParsingError("The address names another host than Host")
        if self.body_rcv is not None:
            self._bound_body()

    def _bound_body(self) -> None:
        if self.command != "POST" or not _LONG.fullmatch(self.path):
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = MAX_BODY + 1
        elif self.chunked or self.content_length > MAX_BODY:
            if len(self._kept) >= LONG_AT_ONCE:
                self.error, self.completed = Busy("Others bring files; try again in a moment."), True
            self._kept.add(self)


class Busy(Error):  # type: ignore[misc]
    """Too many long bodies at once."""

    code, reason = 503, "Service Unavailable"

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers and body, with when to try again."""
        status, headers, body = super().to_response(ident)
        return status, [*headers, ("Retry-After", "5")], body


class Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to a request that cannot be read, with the headers that every answer has."""

    def execute(self) -> None:
        """Answer, and close."""
        self.response_headers: list[Any] = [*ALWAYS.items(), ("Cache-Control", "no-store")]
        super().execute()
