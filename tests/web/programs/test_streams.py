"""Many samples in one answer."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import pytest

from doesnotexist.errors import QueueFull
from doesnotexist_web.programs import streams
from doesnotexist_web.series import play


@pytest.fixture
def post(ask):
    def post(body, domain="blots", accept=None):
        return ask("zoo.test", f"/generate/{domain}", accept, method="POST", json=body)

    return post


def lines(answer) -> list[dict]:
    assert answer.status_code == 200
    assert answer.mimetype == "application/x-ndjson"
    return [json.loads(line) for line in answer.data.splitlines()]


def test_a_line_for_each_with_its_bytes_and_its_record(ask, post):
    told = lines(post({"seeds": "7-12", "psi": 1, "format": "png"}))

    assert [line["seed"] for line in told] == [7, 8, 9, 10, 11, 12]
    assert [line["index"] for line in told] == [0, 1, 2, 3, 4, 5]
    for line in told:
        png = ask("zoo.test", line["url"] + "&format=png").data
        assert (line["media_type"], base64.b64decode(line["data"])) == ("image/png", png)
        assert line["record"]["exists"] is False
        assert line["record"]["params"]["psi"] == 1.0


def test_records_alone(post):
    told = lines(post({"seeds": [7], "format": "json"}, domain="polygons"))

    assert told[0]["record"]["corners"] == 10
    assert "data" not in told[0]


def test_a_zip_has_the_files_and_the_lines(ask, post):
    answer = post({"seeds": [7, 7, 8]}, accept="application/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert archive.testzip() is None
    assert archive.namelist() == ["000-blots-7.jpg", "001-blots-7.jpg", "002-blots-8.jpg", "index.ndjson"]
    assert archive.read("002-blots-8.jpg") == ask("zoo.test", "/generate/blots?seed=8").data
    told = [json.loads(line) for line in archive.read("index.ndjson").splitlines()]
    assert [(line["file"], line["seed"]) for line in told] == [
        ("000-blots-7.jpg", 7),
        ("001-blots-7.jpg", 7),
        ("002-blots-8.jpg", 8),
    ]


def test_a_count_in_a_query(ask):
    assert [line["seed"] for line in lines(ask("zoo.test", "/generate/blots?count=3&seed=5"))] == [5, 6, 7]
    assert ask("zoo.test", "/generate/blots?count=3", accept="application/zip").mimetype == "application/zip"


def test_it_is_never_kept_and_for_everybody(post):
    headers = post({"count": 1}).headers

    assert headers["Cache-Control"] == "no-store"
    assert "Accept" in headers["Vary"]
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_what_cannot_be_made_is_a_line_that_says_why(post, moods, monkeypatch):
    sample = moods.sample

    def sample_but_five(recipes):
        if any(recipe.seed == 5 for recipe in recipes):
            raise RuntimeError("five is right out")
        return sample(recipes)

    monkeypatch.setattr(moods, "sample", sample_but_five)
    told = lines(post({"seeds": "3-7"}, domain="moods"))

    assert [line["seed"] for line in told] == [3, 4, 5, 6, 7]
    assert ["error" in line for line in told] == [False, False, True, False, False]
    assert told[2]["error"]["status"] == 502
    assert "five is right out" in told[2]["error"]["detail"]


def test_an_answer_that_takes_too_long_in_all_ends_with_lines_that_say_so(post, monkeypatch):
    clock = iter([0.0, 1.0, streams.WHOLE_S + 1.0])  # at the start, before four, and before the last two
    monkeypatch.setattr(streams, "monotonic", lambda: next(clock))
    told = lines(post({"seeds": "1-6"}))

    assert [line.get("error", {}).get("status") for line in told] == [None] * 4 + [504] * 2


def test_a_queue_that_is_full_is_said_before_the_first_byte(post, zoo, monkeypatch):
    def full(*_):
        raise QueueFull(9, 3)

    monkeypatch.setattr(zoo, "generate_many", full)
    answer = post({"count": 2})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")


def test_what_is_wrong_is_named(post):
    answer = post({"items": [{"seed": 1}, {"psi": 9}]}, accept="application/json")

    assert answer.status_code == 422
    assert json.loads(answer.data)["field"] == "items[1].psi"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"7", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"count": 1e999}', "application/json", 422),
        (b'{"count": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"count": 1, "\xff": 1}', "application/json", 400),
        (b'{"count": 1, "\\ud800": 1}', "application/json", 422),
        (b'{"count": 1, "psi": NaN}', "application/json", 422),
        (b'{"count": 1}', "text/plain", 415),
        (b'{"count": 1}', "application/x-www-form-urlencoded", 415),
        (b'{"count": 1, "x": "' + b"a" * 70_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_is_none(app, body, kind, status):
    host = {"HTTP_HOST": "zoo.test"}
    answer = app.test_client().post("/generate/blots", data=body, content_type=kind, environ_overrides=host)

    assert answer.status_code == status


def test_a_place_is_given_back_when_all_is_sent(app, post):
    makers = app.extensions["doesnotexist.makers"]
    for _ in range(play.AT_ONCE + 1):
        assert post({"count": 1}).status_code == 200
    assert post({"count": 1, "psi": 9}).status_code == 422

    assert makers.free.acquire(blocking=False)
    makers.free.release()


def test_a_client_that_goes_gives_its_place_back(app):
    makers, host = app.extensions["doesnotexist.makers"], {"HTTP_HOST": "zoo.test"}
    for _ in range(play.AT_ONCE + 1):
        answer = app.test_client().post("/generate/blots", json={"count": 50}, environ_overrides=host)
        assert next(answer.iter_encoded())
        answer.close()

    assert makers.free.acquire(blocking=False)
    makers.free.release()
