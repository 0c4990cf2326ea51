"""What a client would rather have: the page, the record, or the picture in which format."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.datastructures import MIMEAccept

from doesnotexist.media import MEDIA_TYPES

HTML = "html"
JSON = "json"
TEXT = "text"


def preferred(accept: MIMEAccept, formats: Sequence[str]) -> str:
    """`"html"`, `"json"`, or one of `formats`, whose first also answers clients that ask for nothing.

    A page or a record is for those who name it: `*/*`, which curl and every old client of such
    sites send, means the picture. Where two are wanted equally the page goes first, since browsers
    name picture types beside it.
    """
    named = {kind: _quality(accept, kind, named=True) for kind in (HTML, JSON)}
    media = {format: _quality(accept, format) for format in formats}
    ranked = {**named, **media} if accept else {formats[0]: 1.0}
    best = max(ranked, key=lambda kind: ranked[kind])  # max takes the first of equals
    return best if ranked[best] else formats[0]


def preferred_text(accept: MIMEAccept) -> str:
    """`"html"`, `"json"` or `"text"`, for answers that are words."""
    kinds = {kind: _quality(accept, kind, named=True) for kind in (HTML, JSON)}
    best = max(kinds, key=lambda kind: kinds[kind])
    plain = _quality(accept, TEXT, named=True)
    return best if kinds[best] and kinds[best] >= plain else TEXT


def _quality(accept: MIMEAccept, kind: str, *, named: bool = False) -> float:
    """The quality of a kind; `named` leaves out what only a wildcard of everything would allow."""
    types = {HTML: "text/html", TEXT: "text/plain", **MEDIA_TYPES}
    wanted = types[kind]
    if named and not any(_names(value, wanted) for value, _ in accept):
        return 0.0
    return float(accept.quality(wanted))


def _names(given: str, wanted: str) -> bool:
    given = given.partition(";")[0].strip().lower()
    return given in (wanted, f"{wanted.partition('/')[0]}/*") and given != "*/*"
