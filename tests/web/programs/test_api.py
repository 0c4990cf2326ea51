"""What programs ask for, on every host."""

from __future__ import annotations

import json

import pytest

HOSTS = ["zoo.test", "zoo.test:8000", "blots.zoo.test", "polygons.localhost", "127.0.0.1:8000", "[::1]"]


@pytest.mark.parametrize("host", HOSTS)
def test_generate_answers_on_every_host(ask, host):
    answer = ask(host, "/generate/blots?seed=7")

    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.data == ask("zoo.test", "/generate/blots?seed=7").data


@pytest.mark.parametrize(
    ("path", "mimetype"),
    [
        ("/image", "image/jpeg"),
        ("/image.jpg", "image/jpeg"),
        ("/image.jpeg", "image/jpeg"),
        ("/image.png", "image/png"),
        ("/image?1732242424", "image/jpeg"),
        ("/image?t=5&t=6", "image/jpeg"),
        ("/image.jpg?rnd=0.123", "image/jpeg"),
        ("/", "image/jpeg"),
        ("/?0.8231", "image/jpeg"),
    ],
)
def test_the_forms_of_old_clients(ask, path, mimetype):
    answer = ask("blots.zoo.test", path, accept="*/*")

    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_drawing_is_svg_or_png(ask):
    assert ask("polygons.zoo.test", "/image").mimetype == "image/svg+xml"
    assert ask("polygons.zoo.test", "/image.png").mimetype == "image/png"


def test_models_lists_every_card(ask):
    rows = json.loads(ask("zoo.test", "/models").data)

    assert [(row["id"], row["status"]) for row in rows] == [
        ("blots/tiny", "cached"),
        ("polygons/tiny", "cached"),
        ("moods/tiny", "cached"),
    ]
    assert rows[0]["licence"]["weights"] == "CC0-1.0"


def test_models_of_one_domain(ask):
    rows = json.loads(ask("blots.zoo.test", "/models?domain=moods").data)

    assert [row["domain"] for row in rows] == ["moods"]


def test_domains_tells_a_program_all_it_needs(ask):
    first = json.loads(ask("zoo.test:8000", "/domains").data)[0]

    assert first["url"] == "http://blots.zoo.test:8000/"
    assert first["generate"] == "/generate/blots"
    assert first["formats"] == ["jpeg", "png", "webp", "avif", "json"]
    assert first["params"]["properties"]["psi"]["maximum"] == 2
    assert first["models"] == ["blots/tiny@" + first["models"][0].partition("@")[2]]


def test_health_asks_nothing_of_the_engine(ask, moods):
    moods.go_on.clear()

    assert json.loads(ask("zoo.test", "/healthz").data) == {"status": "ok"}
