"""Errors over HTTP: the status, the words, and what must never be told."""

from __future__ import annotations

import json
import logging
import threading
import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doesnotexist import errors
from doesnotexist_web.answering.failures import failure_of, without_paths


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("zoo.test", "/generate/nobody", 404),
        ("zoo.test", "/generate/blots?seed=-1", 400),
        ("zoo.test", "/generate/blots?seed=1e9", 400),
        ("zoo.test", "/generate/blots?seed=%D9%A3", 400),
        ("zoo.test", "/generate/blots?psi=nan", 400),
        ("zoo.test", "/generate/blots?seed=7&seed=7", 400),
        ("zoo.test", "/generate/blots?format=exe", 400),
        ("zoo.test", "/generate/blots?colour=red", 400),
        ("zoo.test", "/generate/blots?%ff=%fe", 400),
        ("zoo.test", "/generate/blots?seed=7&model=blots/other", 404),
        ("zoo.test", "/generate/blots?seed=7&model=blots/tiny@000000000000", 410),
        ("zoo.test", "/models?domain=nobody", 404),
        ("zoo.test", "/image", 404),
        ("zoo.test", "/about", 404),
        ("zoo.test", "/nowhere", 404),
        ("zoo.test", "//generate/blots", 404),
        ("zoo.test", "/d/nobody/", 404),
        ("zoo.test", "/static/../app.py", 404),
        ("zoo.test", "/static/..%2fapp.py", 404),
        ("zoo.test", "/static/%00", 404),
        ("blots.zoo.test", "/?seed=-1", 400),
        ("blots.zoo.test", "/image.gif", 400),
        ("polygons.zoo.test", "/image.jpg", 400),
        ("blots.zoo.test", "/about?model=../x", 400),
        ("nobody.zoo.test", "/", 404),
        ("www.zoo.test", "/", 404),
        ("evil.test", "/", 421),
        ("evil.test", "/generate/blots?seed=7", 421),
        ("blots.evil.test", "/static/page.css", 421),
        ("", "/", 400),
        ("blots_.zoo.test", "/", 400),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
def test_bad_input_gets_its_status(ask, host, path, status, accept):
    answer = ask(host, path, accept=accept)

    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Traceback" not in answer.text


def test_an_error_comes_in_the_kind_that_is_asked_for(ask):
    path = "/generate/blots?seed=-1"
    page, problem, line = (
        ask("zoo.test", path, accept=accept) for accept in ("text/html", "application/json", "image/*")
    )

    assert [page.mimetype, problem.mimetype, line.mimetype] == [
        "text/html",
        "application/problem+json",
        "text/plain",
    ]
    assert "an integer from 0 to 4294967295" in page.text
    assert line.text.startswith("400 Bad Request: seed: expected an integer")
    told = json.loads(problem.data)
    assert (told["status"], told["field"]) == (400, "seed")
    assert told["expected"] == "an integer from 0 to 4294967295"
    assert told["request_id"] == problem.headers["X-Request-Id"]


def test_what_is_wrong_is_said_in_our_words(app):
    client, host = app.test_client(), {"Host": "zoo.test"}

    assert client.get("/nowhere", headers=host).text == "404 Not Found: There is nothing at this address.\n"
    refused = client.post("/generate/blots", data=b"{", content_type="application/json", headers=host)
    assert refused.text.startswith("400 Bad Request: This cannot be read;")


def test_a_strangers_text_is_never_markup(ask):
    script = "<script>alert(1)</script>"
    for path in (f"/generate/{script}", f"/generate/blots?{script}={script}", f"/?x={script}"):
        assert "<script>" not in ask("zoo.test", path, accept="text/html").text


@pytest.mark.parametrize("path", ["/", "/about", "/image", "/models", "/sheet", "/new", "/seed/7/40/40"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_only_get_and_head(ask, path, method):
    answer = ask("blots.zoo.test", path, method=method)

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "POST" not in answer.headers["Allow"]


def test_a_broken_plugin_costs_its_own_domain_and_says_why(ask, zoo, monkeypatch):
    def broken(domain):
        if domain == "moods":
            raise errors.UnknownDomain("moods", ["blots"], reason="ImportError: no module named 'feelings'")
        return found(domain)

    found = zoo.plugins.generator
    monkeypatch.setattr(zoo.plugins, "generator", broken)
    answer = ask("moods.zoo.test", "/")

    assert answer.status_code == 503
    assert "no module named" in answer.text
    assert ask("blots.zoo.test", "/").status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("it is /secret/place/of.py"), 502),
        (errors.WeightsMissing("moods/tiny", "w", "fetch them"), 503),
        (errors.EngineStopped(), 503),
    ],
)
def test_what_a_plugin_raises_has_a_status_and_keeps_its_places(ask, moods, error, status):
    moods.error = error
    answer = ask("zoo.test", "/generate/moods?seed=7")

    assert answer.status_code == status
    assert "/secret" not in answer.text


def test_a_full_queue_says_when_to_come_again(ask, moods):
    answers = []
    moods.go_on.clear()
    asking = [
        threading.Thread(target=lambda: answers.append(ask("zoo.test", "/generate/moods"))) for _ in range(8)
    ]
    for thread in asking:
        thread.start()
    try:  # one is at work and two wait, so at least five are refused while nothing moves
        patience = time.monotonic() + 10
        while len(answers) < 5 and time.monotonic() < patience:
            time.sleep(0.01)
        refused = list(answers)
    finally:
        moods.go_on.set()
        for thread in asking:
            thread.join()

    assert len(refused) >= 5
    assert {answer.status_code for answer in refused} == {503}
    assert int(refused[-1].headers["Retry-After"]) >= 1
    assert refused[-1].headers["X-Queue-Depth"] == "2"
    assert {answer.status_code for answer in answers[len(refused) :]} == {200}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.DeadlineExceeded(5), 504),
        (errors.BadSample("moods", "gave nothing"), 502),
        (errors.PluginBroken("moods", "load failed"), 502),
        (errors.WorkerDied("moods", "ran out of memory"), 503),
        (errors.CircuitOpen("moods", 3, 30), 503),
        (errors.WeightsMismatch("w", "size", 1, 2), 500),
        (errors.WeightsInvalid("/a/b/c.safetensors", "no tensors"), 500),
    ],
)
def test_each_family_has_a_status(app, error, status):
    with app.test_request_context():
        failure = failure_of(error)

    assert failure.status == status
    assert "/a/b" not in failure.detail


def test_who_should_come_again_is_told_when(app):
    with app.test_request_context():
        assert failure_of(errors.CircuitOpen("moods", 3, 30)).headers == {"Retry-After": "30"}


def test_the_unexpected_is_logged_under_the_requests_id(ask, zoo, monkeypatch, caplog):
    def fail(*_: object) -> None:
        raise ZeroDivisionError("at /secret/place")

    monkeypatch.setattr(zoo, "models", fail)
    with caplog.at_level(logging.ERROR, "doesnotexist.web"):
        answer = ask("zoo.test", "/models")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert answer.headers["X-Request-Id"] in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no file /home/me/zoo/w.bin: gone", "no file …: gone"),
        ("'/opt/a b' and C:\\Users\\me\\w", "'… b' and …"),
        (
            "faces/starter-64@1f0c is https://example.org/a/b",
            "faces/starter-64@1f0c is https://example.org/a/b",
        ),
        ("n/a", "n/a"),
    ],
)
def test_places_of_files_are_taken_out(text: str, told: str) -> None:
    assert without_paths(text) == told


PATHS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(PATHS, PATHS, st.sampled_from(["zoo.test", "blots.zoo.test", "polygons.zoo.test", "127.0.0.1"]))
def test_no_path_and_no_query_is_a_500(ask, path, query, host):
    # the test client takes `//x` for a host; a real server is asked such paths in test_commands
    plain = quote(path.lstrip("/"))
    answer = ask(host, f"/{plain}?{quote(query, safe='=&')}", accept="text/html")

    assert answer.status_code < 500


NAMES = st.sampled_from(
    ["seed", "psi", "relative", "mix", "toward", "step", "model", "format", "size", "count", "seed[]"]
)
VALUES = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.sampled_from(["1_0", "٣", " 7 ", "+5", "9" * 5000, "1e999", "nan", "-0", "0x7", "jpeg", "1", ""])
)


@pytest.mark.parametrize("examples", [100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_parameter_is_a_500(surf, examples):
    @settings(deadline=None, max_examples=examples, database=None)
    @given(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    def asked(pairs):
        # a record, since no picture has to be encoded for it
        query = urlencode([*pairs, ("format", "json")][:4])
        answer = surf(f"/generate/waves?{query}", accept="application/json")
        assert answer.status_code in (200, 400, 404, 410)
        if answer.status_code == 400:
            assert json.loads(answer.data)["field"]

    asked()
