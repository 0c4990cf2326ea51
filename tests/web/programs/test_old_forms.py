"""What clients of older sites ask for."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from PIL import Image

from doesnotexist.provenance.marks import read
from doesnotexist_web.programs.old_forms import number_of


def picture(answer) -> Image.Image:
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.data))


@pytest.mark.parametrize(
    ("path", "format", "size"),
    [
        ("/seed/7/200/300.webp", "WEBP", (200, 300)),
        ("/seed/7/300/200.jpg", "JPEG", (300, 200)),
        ("/seed/7/300/200", "JPEG", (300, 200)),
        ("/seed/7/64/64.png", "PNG", (64, 64)),
        ("/seed/some word/16/2048.webp", "WEBP", (16, 2048)),
        ("/seed/7/40/30.avif?blur=2&random=1", "AVIF", (40, 30)),
    ],
)
def test_a_picture_of_any_shape(ask, path, format, size):
    found = picture(ask("blots.zoo.test", path))

    assert (found.format, found.size) == (format, size)


def test_it_is_the_middle_of_the_square(ask):
    square = picture(ask("blots.zoo.test", "/seed/7/64/64.png")).convert("RGB")
    low = picture(ask("blots.zoo.test", "/seed/7/64/20.png")).convert("RGB")

    assert low.tobytes() == square.crop((0, 22, 64, 42)).tobytes()


def test_few_are_cut_at_a_time_and_the_others_wait(app):
    cutters = app.extensions["doesnotexist.cutters"]

    def fetch():
        host = {"HTTP_HOST": "blots.zoo.test"}
        return app.test_client().get("/seed/7/32/20.png", environ_overrides=host).status_code

    with ThreadPoolExecutor(1) as visitors, ExitStack() as held:
        for _ in range(cutters.count):
            held.enter_context(cutters.free)
        asked = visitors.submit(fetch)
        with pytest.raises(TimeoutError):
            asked.result(timeout=1.5)
        held.close()
        assert asked.result(timeout=30) == 200


def test_a_word_means_one_picture_for_ever(ask):
    assert number_of("picsum") == number_of("picsum") != number_of("Picsum")
    assert [number_of(text) for text in ("7", "007", "4294967295")] == [7, 7, 4294967295]
    assert 0 <= number_of("4294967296") < 2**32
    assert number_of("٣") != 3
    first, again, other = (ask("blots.zoo.test", f"/seed/{word}/30/40") for word in ("a", "a", "b"))
    assert first.data == again.data != other.data


@pytest.mark.parametrize("shape", ["40/40", "40/30"])
def test_what_is_here_is_not_sent_again(ask, shape):
    first = ask("blots.zoo.test", f"/seed/7/{shape}.png")
    again = ask("blots.zoo.test", f"/seed/7/{shape}.png", If_None_Match=first.headers["ETag"])

    assert first.headers["Cache-Control"] == "no-cache"  # another model may serve this domain tomorrow
    assert first.headers["X-Seed"] == "7"
    assert 'rel="canonical"' in first.headers["Link"]
    assert again.status_code == 304


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "avif"])
def test_a_shape_says_what_it_is(ask, suffix):
    answer = ask("blots.zoo.test", f"/seed/7/40/30.{suffix}")

    assert read(answer.data, answer.mimetype.removeprefix("image/")).statement["seed"] == "7"


@pytest.mark.parametrize(
    "path",
    [
        "/seed/7/0/30",
        "/seed/7/15/30.webp",
        "/seed/7/30/2049",
        "/seed/7/-30/30",
        "/seed/7/1e2/30",
        "/seed/7/٣٠/30",
        "/seed/7/30/30.gif",
        "/seed/7/30/30.svg",
        "/seed/7/30/30.webp.exe",
        "/seed/7/99999999999999999999/30",
    ],
)
def test_what_is_wrong_is_named(ask, path):
    answer = ask("blots.zoo.test", path, accept="application/json")

    assert answer.status_code == 400
    assert json.loads(answer.data)["field"] in ("width", "height", "format")


def test_it_belongs_to_a_domain(ask):
    assert ask("zoo.test", "/seed/7/30/30").status_code == 404
    assert ask("zoo.test", "/new").status_code == 404


def test_new_tells_where_a_fresh_one_is(ask):
    path = "/new?time=1732242424&gender=all&age=all&etnic=all"
    first, second = (json.loads(ask("blots.zoo.test", path).data) for _ in range(2))

    assert first["src"] != second["src"]
    assert first["not_honoured"] == []
    assert first["name"] == f"blots-{first['seed']}.jpg"
    got = ask("blots.zoo.test", first["src"])
    assert (got.status_code, got.mimetype) == (200, "image/jpeg")
    assert got.headers["X-Seed"] == str(first["seed"])


def test_new_says_which_wishes_it_leaves_aside(ask):
    told = json.loads(ask("blots.zoo.test", "/new?gender=female&age=35-50&etnic=all").data)

    assert told["not_honoured"] == ["gender", "age"]


def test_new_honours_what_its_generator_can(ask):
    told = json.loads(ask("blots.zoo.test", "/new?psi=1.5").data)

    assert "psi=1.5" in told["src"]


def test_new_is_never_kept(ask):
    assert ask("blots.zoo.test", "/new").headers["Cache-Control"] == "no-store"


def test_under_a_prefix_its_address_keeps_it(ask):
    told = json.loads(ask("127.0.0.1", "/d/blots/new").data)

    assert told["src"].startswith("/d/blots/generate/blots?")
    assert ask("127.0.0.1", told["src"]).status_code == 200
