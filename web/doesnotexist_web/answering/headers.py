"""The security headers of every answer, in one place.

Pages may use our own style, script and pictures and nothing else; media may do nothing at all, and
anybody may embed them. No cookies: nothing on this site knows a visitor.
"""

from __future__ import annotations

from flask import Response, request

from ..here import request_id

_PAGE = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A drawing opened by itself is a document: its own style attributes, no scripts, no origin.
_MEDIA = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors *; sandbox"

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
PRIVATE = {
    "Content-Security-Policy": _PAGE,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
PUBLIC = {
    "Content-Security-Policy": _MEDIA,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After, X-Fresh, X-Queue-Depth, X-Request-Id, X-Seed",
}


# The blueprints that other sites may ask; without credentials, which nothing here has.
_API = frozenset({"api", "play", "streams", "old_forms"})


def public(response: Response) -> Response:
    """Mark an answer as one that any site may read and embed: media, records, lists."""
    response.headers.update(PUBLIC)
    return response


def secure(response: Response) -> Response:
    """Give an answer its headers; whatever is not marked public is private."""
    if request.method == "OPTIONS" and request.blueprint in _API:
        public(response)
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET")
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, If-None-Match, Range"
        response.headers["Access-Control-Max-Age"] = "86400"
    response.headers.update(ALWAYS)
    if "Access-Control-Allow-Origin" not in response.headers:
        for name, value in PRIVATE.items():  # a page may have a policy of its own
            response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request_id()
    return response
