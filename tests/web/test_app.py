"""The application as a whole: plugins' routes, odd paths, and no trace of a visitor."""

from __future__ import annotations

import pytest
from flask import Flask, Response

from doesnotexist import Settings, Zoo, hookimpl
from doesnotexist.errors import InvalidParameter
from doesnotexist_web.app import create_app
from doesnotexist_web.pages.assets import fingerprint


class WithRoutes:
    """A plugin that adds a page of its own."""

    @hookimpl
    def register_routes(self, app: Flask) -> None:
        app.add_url_rule("/extra", "extra", lambda: Response("more"))


class WithBadRoutes:
    """A plugin whose hook fails."""

    @hookimpl
    def register_routes(self, app: Flask) -> None:
        raise RuntimeError("no routes today")


def test_plugins_add_routes_on_every_host(zoo):
    zoo.plugins.register(WithRoutes(), "routes")
    client = create_app(zoo).test_client()

    for host in ("zoo.test", "blots.zoo.test"):
        answer = client.get("/extra", environ_overrides={"HTTP_HOST": host})
        assert answer.text == "more"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_plugin_that_fails_to_add_routes_costs_the_site_nothing(zoo):
    zoo.plugins.register(WithBadRoutes(), "bad routes")
    client = create_app(zoo).test_client()

    assert client.get("/healthz", environ_overrides={"HTTP_HOST": "zoo.test"}).status_code == 200


def test_a_bad_base_domain_is_refused_at_start(zoo, settings, plugins):
    bad = Settings(**{**dict(settings), "base_domain": "-.-"})
    with Zoo(bad, plugins) as zoo, pytest.raises(InvalidParameter, match="base-domain"):
        create_app(zoo)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..\\app.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/page.css%00.png",
        "/image./../x",
        "/generate/..%2f..%2fetc",
        "/generate/blots/../../x",
        "/;/",
        "/%c0%ae%c0%ae/",
        "/.git/config",
        "/d/blots/d/blots/",
    ],
)
def test_odd_paths_lead_nowhere(ask, path):
    assert ask("zoo.test", path).status_code in (400, 404)


def test_styles_and_scripts_are_kept_until_they_change(ask):
    path = f"/static/{fingerprint()}/page.js"
    first = ask("blots.zoo.test", path)

    assert first.mimetype == "text/javascript"
    assert first.headers["Cache-Control"] == "public, max-age=31536000"
    assert ask("blots.zoo.test", path, If_None_Match=first.headers["ETag"]).status_code == 304
    assert ask("blots.zoo.test", "/static/0123456789ab/page.js").status_code == 404


def test_a_request_leaves_no_cookie(ask):
    for path in ("/", "/about", "/image", "/nowhere"):
        assert "Set-Cookie" not in ask("blots.zoo.test", path, accept="text/html").headers
