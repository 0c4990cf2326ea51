"""The headers of every route, on every kind of host, for answers and for errors."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from werkzeug.exceptions import NotFound

from doesnotexist.testing.fakes import fake_zoo
from doesnotexist_web.app import create_app
from doesnotexist_web.pages.assets import fingerprint

from ..conftest import WEIGHTS, Polygons

PAGES = [
    ("blots.zoo.test", "/"),
    ("blots.zoo.test", "/about"),
    ("polygons.zoo.test", "/?seed=7"),
    ("zoo.test", "/"),
    ("127.0.0.1", "/d/blots/"),
    ("zoo.test", "/nowhere"),
    ("nobody.zoo.test", "/"),
    ("evil.test", "/"),
    ("", "/"),
    ("zoo.test", "/generate/blots?seed=-1"),
    ("blots.zoo.test", f"/static/{fingerprint()}/base.css"),
    ("localhost", "/status"),
    ("localhost", "/metrics"),
    ("zoo.test", "/status"),
    ("zoo.test", "/plugins"),
    ("localhost", "/plugins"),
    ("blots.zoo.test", "/play?seed=7"),
    ("blots.zoo.test", "/docs"),
    ("zoo.test", "/docs"),
    ("blots.zoo.test", "/manifest.webmanifest"),
    ("zoo.test", "/verify"),
]
OPEN = [
    ("zoo.test", "/generate/blots?seed=7"),
    ("zoo.test", "/generate/polygons?seed=7"),
    ("zoo.test", "/generate/blots?seed=7&format=json"),
    ("blots.zoo.test", "/image"),
    ("blots.zoo.test", "/image.png"),
    ("zoo.test", "/models"),
    ("zoo.test", "/domains"),
    ("zoo.test", "/openapi.json"),
    ("zoo.test", "/healthz"),
    ("zoo.test", "/readyz"),
    ("blots.zoo.test", "/sheet.png?side=2"),
    ("blots.zoo.test", "/strip.json"),
    ("moods.zoo.test", "/neighbours"),
    ("moods.zoo.test", "/morph.webm?frames=2"),
    ("blots.zoo.test", "/new?gender=female"),
    ("blots.zoo.test", "/seed/7/40/30.webp"),
    ("zoo.test", "/generate/blots?count=2"),
    ("zoo.test", "/generate/blots?seed=x"),
]


@pytest.mark.parametrize(("host", "path"), PAGES + OPEN)
def test_every_answer_has_the_strict_headers(ask, host, path):
    headers = ask(host, path, accept="text/html").headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Permissions-Policy" in headers
    assert "Set-Cookie" not in headers
    assert re.fullmatch("[0-9a-f]{12}", headers["X-Request-Id"])


@pytest.mark.parametrize(("host", "path"), PAGES)
def test_pages_are_for_nobody_to_frame_or_read(ask, host, path):
    headers = ask(host, path, accept="text/html").headers

    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(("host", "path"), OPEN)
def test_media_and_records_are_for_everybody(ask, host, path):
    headers = ask(host, path).headers

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Access-Control-Allow-Credentials" not in headers


def test_a_drawing_opened_by_itself_is_in_a_sandbox(ask):
    policy = ask("zoo.test", "/generate/polygons?seed=7").headers["Content-Security-Policy"]

    assert "sandbox" in policy.split("; ")
    assert "script-src" not in policy


def test_every_route_is_among_those_tested(app):
    adapter = app.url_map.bind("zoo.test")
    tested = set()
    for _, path in PAGES + OPEN:
        with suppress(NotFound):
            tested.add(adapter.match(path.partition("?")[0].removeprefix("/d/blots"))[0])
    # what takes only POST is tested with the rest of its answers
    asked = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}

    assert tested | {"static"} == asked


@pytest.mark.parametrize("path", ["/generate/blots", "/image", "/sheet.png", "/new"])
def test_another_site_may_ask_whether_it_may_ask(ask, path):
    headers = ask(
        "blots.zoo.test",
        path,
        method="OPTIONS",
        Origin="https://other.test",
        Access_Control_Request_Method="GET",
    ).headers

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in headers["Access-Control-Allow-Methods"]
    assert ("POST" in headers["Access-Control-Allow-Methods"]) == (path == "/generate/blots")
    assert "Content-Type" in headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", ["/", "/about", "/status"])
def test_pages_are_not_to_be_asked_for(ask, path):
    assert "Access-Control-Allow-Origin" not in ask("blots.zoo.test", path, method="OPTIONS").headers


@pytest.mark.parametrize("path", ["/", "/about", "/play", "/docs", "/plugins", "/?seed=7"])
def test_a_plugins_words_are_never_markup(tmp_path, asker, path):
    class Rude(Polygons):
        domain = "rude"
        noun = "<img src=x onerror=alert(1)>"
        title = plural = "<script>alert('\"&')</script>"

    with fake_zoo(tmp_path, Rude(), {"weights": WEIGHTS}, base_domain="zoo.test") as zoo:
        answer = asker(create_app(zoo))("rude.zoo.test", path, accept="text/html")

    assert answer.mimetype == "text/html"
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
