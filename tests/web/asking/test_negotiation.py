"""Accept headers as clients really send them."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from doesnotexist_web.asking.negotiation import preferred, preferred_text

PICTURE = ("jpeg", "png", "webp", "avif")
DRAWING = ("svg", "png")

CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME_IMG = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
AXIOS = "application/json, text/plain, */*"


def parsed(header: str) -> MIMEAccept:
    return parse_accept_header(header, MIMEAccept)


@pytest.mark.parametrize(
    ("header", "picture", "drawing"),
    [
        (CHROME, "html", "html"),
        (FIREFOX, "html", "html"),
        ("text/html", "html", "html"),
        ("text/*", "html", "html"),
        (CHROME_IMG, "jpeg", "svg"),
        (AXIOS, "json", "json"),
        ("application/json", "json", "json"),
        ("", "jpeg", "svg"),
        ("*/*", "jpeg", "svg"),
        ("image/*", "jpeg", "svg"),
        ("image/png", "png", "png"),
        ("image/png, */*;q=0.1", "png", "png"),
        ("image/jpeg", "jpeg", "svg"),
        ("image/jpeg;q=0.2, image/webp;q=0.9", "webp", "svg"),
        ("text/html;q=0.1, image/*", "jpeg", "svg"),
        ("text/html;q=0, */*", "jpeg", "svg"),
        ("image/*;q=0", "jpeg", "svg"),
        ("application/pdf", "jpeg", "svg"),
        ("nonsense", "jpeg", "svg"),
        (";;;,,,q=x", "jpeg", "svg"),
    ],
)
def test_what_a_client_would_rather_have(header: str, picture: str, drawing: str) -> None:
    accept = parsed(header)

    assert (preferred(accept, PICTURE), preferred(accept, DRAWING)) == (picture, drawing)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (CHROME, "html"),
        (AXIOS, "json"),
        ("application/json", "json"),
        ("text/plain, text/html;q=0.5", "text"),
        ("text/plain", "text"),
        ("*/*", "text"),
        ("image/*", "text"),
        ("", "text"),
    ],
)
def test_words_for_those_who_name_no_kind_are_plain(header: str, kind: str) -> None:
    assert preferred_text(parsed(header)) == kind
