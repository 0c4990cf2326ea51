"""Sheets, strips, neighbours and morphs, as a visitor gets them."""

from __future__ import annotations

import io
import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from doesnotexist.provenance.marks import read
from doesnotexist_web import here
from doesnotexist_web.app import create_app
from doesnotexist_web.series import play


def pixels(answer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(answer.data)).convert("RGB"))


def links(answer) -> dict[str, str]:
    parts = (part.split(">; rel=") for part in answer.headers["Link"].split(", <"))
    return {rel.partition(";")[0].strip('"'): address.lstrip("<") for address, rel in parts}


def test_a_sheet_is_one_picture_of_many(surf):
    answer = surf("/sheet.png?seed=5&side=3")
    tiles = pixels(answer)

    assert (answer.status_code, answer.mimetype, tiles.shape) == (200, "image/png", (96, 96, 3))
    assert tiles[::32, ::32, 1].tolist() == [[5, 6, 7], [8, 9, 10], [11, 12, 13]]


def test_a_strip_is_one_row(surf):
    tiles = pixels(surf("/strip.png?seed=5&count=3&size=16"))

    assert tiles.shape == (16, 48, 3)
    assert tiles[0, ::16, 0].tolist() == [60, 120, 180]


def test_neighbours_stand_around_it(surf):
    tiles = pixels(surf("/neighbours.png?seed=5&count=8"))

    assert tiles[::32, ::32, 2].tolist() == [[0, 10, 20], [30, 40, 50], [60, 70, 80]]


@pytest.mark.parametrize(
    ("suffix", "kind"), [("webp", "image/webp"), ("webm", "video/webm"), ("mp4", "video/mp4")]
)
def test_a_morph_is_a_film(surf, suffix, kind):
    answer = surf(f"/morph.{suffix}?seed=5&toward=105&frames=5")

    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.headers["Content-Disposition"] == f'inline; filename="waves-morph-5.{suffix}"'


def test_the_list_names_every_sample(surf):
    told = json.loads(surf("/morph.json?seed=5&toward=105&frames=3").data)
    greens = [pixels(surf(sample["url"]))[0, 0, 1] for sample in told["samples"]]

    assert (told["kind"], told["domain"]) == ("morph", "waves")
    assert greens == pytest.approx([5, 55, 105], abs=2)


@pytest.mark.parametrize("kind", ["sheet", "strip", "neighbours", "morph"])
def test_a_random_one_says_where_it_can_be_had_again(surf, kind):
    random = surf(f"/{kind}")
    again = surf(links(random)["canonical"])

    assert random.headers["Cache-Control"] == "no-store"
    assert "ETag" not in random.headers
    assert again.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert again.data == random.data
    told = json.loads(surf(links(random)["describedby"]).data)
    assert str(told["samples"][0]["seed"]) == random.headers["X-Seed"]
    assert surf(links(again)["canonical"], If_None_Match=again.headers["ETag"]).status_code == 304


def test_who_has_it_gets_304_without_a_generation(surf, waves):
    etag = surf("/sheet.json?seed=5").headers["ETag"].replace("json", "webp")

    assert surf("/sheet?seed=5", If_None_Match=etag).status_code == 304
    assert waves.made == []


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "avif"])
def test_a_sheet_says_what_it_is(surf, suffix):
    answer = surf(f"/sheet.{suffix}?seed=5&side=2")
    mark = read(answer.data, answer.mimetype.removeprefix("image/"))

    assert mark.source.endswith("trainedAlgorithmicMedia")
    assert "4 samples, a sheet" in mark.statement["statement"]


def test_a_video_says_what_it_is(surf):
    import av

    for suffix in ("webm", "mp4"):
        data = surf(f"/morph.{suffix}?seed=5&toward=6&frames=3").data
        with av.open(io.BytesIO(data)) as container:
            assert "does not exist" in str(container.metadata)
        assert suffix == "webm" or read(data, "mp4").source.endswith("trainedAlgorithmicMedia")


def test_a_video_can_be_asked_for_in_pieces(surf):
    whole = surf("/morph.webm?seed=5&toward=6&frames=3")
    piece = surf("/morph.webm?seed=5&toward=6&frames=3", Range="bytes=10-19")

    assert whole.headers["Accept-Ranges"] == "bytes"
    assert (piece.status_code, piece.data) == (206, whole.data[10:20])
    assert surf("/morph.webm?seed=5&toward=6&frames=3", Range="bytes=9999999-").status_code == 416


def test_what_a_generator_cannot_do_is_said(ask):
    for path in ("/strip", "/neighbours.json", "/morph.webm"):
        answer = ask("polygons.zoo.test", path)
        assert answer.status_code == 404
        assert "Polygons: their generator lacks" in answer.text
    assert ask("polygons.zoo.test", "/sheet.png").status_code == 200
    assert ask("zoo.test", "/sheet").status_code == 404


def test_under_a_prefix_links_keep_it(ask):
    answer = ask("127.0.0.1", "/d/blots/sheet.json?seed=5")

    assert links(answer)["canonical"].startswith("/d/blots/sheet.json?")
    assert json.loads(answer.data)["samples"][0]["url"].startswith("/d/blots/generate/blots?")


@pytest.mark.parametrize("path", ["/sheet.gif", "/sheet.mp4", "/sheet.svg", "/morph.png", "/morph.avi"])
def test_a_format_that_is_not_offered(surf, path):
    answer = surf(path, accept="application/json")

    assert (answer.status_code, json.loads(answer.data)["field"]) == (400, "format")


def test_a_video_that_this_site_cannot_make(surf, monkeypatch):
    monkeypatch.setattr("doesnotexist_web.series.films.find_spec", lambda name: None)
    answer = surf("/morph.mp4")

    assert answer.status_code == 404
    assert "makes no mp4; webp, json are to be had" in answer.text


def test_a_herd_costs_one_series(wave_zoo, waves):
    app = create_app(wave_zoo)

    def ask(_: int):
        host = {"HTTP_HOST": "waves.zoo.test"}
        return app.test_client().get("/sheet.png?seed=5&side=4", environ_overrides=host).data

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1
    assert sorted(waves.made) == list(range(5, 21))


def test_few_are_made_at_a_time(wave_zoo, asker):
    app = create_app(wave_zoo)
    with app.app_context():
        full = [here.room("doesnotexist.makers") for _ in range(play.AT_ONCE)]
        for place in full:
            place.__enter__()
    ask = asker(app)
    answer = ask("waves.zoo.test", "/sheet")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert ask("waves.zoo.test", "/image").status_code == 200


def test_a_series_that_takes_too_long_is_given_up(wave_zoo, surf, monkeypatch):
    monkeypatch.setattr(play, "monotonic", itertools.count(0, 15).__next__)
    answer = surf("/sheet?seed=5&side=8")

    assert answer.status_code == 504
