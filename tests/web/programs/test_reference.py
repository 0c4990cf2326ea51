"""The API described, for programs and for people."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import doesnotexist_web

VENDORED = Path(doesnotexist_web.__file__).parent / "static" / "swagger-ui-5.35.0"


@pytest.mark.parametrize(
    ("host", "path", "server"),
    [
        ("blots.zoo.test:8000", "/openapi.json", "http://blots.zoo.test:8000"),
        ("zoo.test", "/openapi.json", "http://zoo.test"),
        ("127.0.0.1:8000", "/d/blots/openapi.json", "http://127.0.0.1:8000/d/blots"),
    ],
)
def test_each_site_describes_itself(ask, host, path, server):
    found = json.loads(ask(host, path).data)

    assert found["servers"] == [{"url": server}]
    assert ("/image" in found["paths"]) == ("blots" in server)
    assert f"{server}/generate/blots" in found["info"]["description"]


def test_its_examples_are_for_programs_which_may_not_know_names_below_localhost(ask):
    found = json.loads(ask("blots.localhost:8000", "/openapi.json").data)

    assert found["servers"] == [{"url": "http://blots.localhost:8000"}]
    assert 'requests.get("http://localhost:8000/generate/blots"' in found["info"]["description"]


@pytest.mark.parametrize(("host", "prefix"), [("blots.zoo.test", ""), ("127.0.0.1", "/d/blots")])
def test_the_page_loads_its_own_files_and_no_others(ask, host, prefix):
    page = ask(host, f"{prefix}/docs", accept="text/html")
    named = re.findall(r'(?:src|href|data-document)="([^"]*)"', page.text)

    assert f"{prefix}/openapi.json" in named
    for address in named:
        answer = ask(host, address)
        assert (address.startswith("/"), answer.status_code) == (True, 200), address
    assert "<style" not in page.text
    assert not re.search(r"<script>|\son[a-z]+=|\sstyle=", page.text)


def test_what_is_not_ours_comes_with_its_licence():
    assert "Apache License" in (VENDORED / "LICENSE").read_text()
    assert "SmartBear" in (VENDORED / "NOTICE").read_text()


def test_its_style_fetches_nothing():
    style = (VENDORED / "swagger-ui.css").read_text()
    fetched = [
        url for url in re.findall(r"url\(([^)]{0,40})", style) if not url.strip("'\"").startswith("data:")
    ]

    assert fetched == []
    assert "@import" not in style
