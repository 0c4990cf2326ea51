"""The headers of every route, on every kind of host, for answers and for errors."""

from __future__ import annotations

import re

import pytest

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
    ("blots.zoo.test", "/static/page.css"),
    ("localhost", "/status"),
    ("localhost", "/metrics"),
    ("zoo.test", "/status"),
    ("zoo.test", "/plugins"),
    ("localhost", "/plugins"),
]
OPEN = [
    ("zoo.test", "/generate/blots?seed=7"),
    ("zoo.test", "/generate/polygons?seed=7"),
    ("zoo.test", "/generate/blots?seed=7&format=json"),
    ("blots.zoo.test", "/image"),
    ("blots.zoo.test", "/image.png"),
    ("zoo.test", "/models"),
    ("zoo.test", "/domains"),
    ("zoo.test", "/healthz"),
    ("zoo.test", "/readyz"),
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
    routes = {rule.rule for rule in app.url_map.iter_rules()}

    assert routes == {
        "/",
        "/about",
        "/domains",
        "/generate/<domain>",
        "/healthz",
        "/image",
        "/image.<suffix>",
        "/metrics",
        "/models",
        "/plugins",
        "/readyz",
        "/static/<path:filename>",
        "/status",
    }
