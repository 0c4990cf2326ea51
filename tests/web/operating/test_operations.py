"""What operators look at, and who else may."""

from __future__ import annotations

import json
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from doesnotexist import Settings, Zoo
from doesnotexist_web.app import create_app


def figures(answer) -> dict[str, float]:
    """`name{label="value",…}` → its value."""
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_prometheus_is_told_what_happened(ask, zoo):
    ask("zoo.test", "/generate/blots?seed=7")
    ask("zoo.test", "/generate/blots?seed=8")
    ask("zoo.test", "/generate/blots?seed=-1")
    answer = ask("localhost", "/metrics")
    assert answer.content_type.startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"
    told = figures(answer)
    assert told["doesnotexist_samples_total{domain=blots,outcome=made}"] == 2
    assert told["doesnotexist_sample_seconds_count{domain=blots}"] == 2
    assert told["doesnotexist_batch_size_bucket{domain=blots,le=1.0}"] == 2
    assert told["doesnotexist_http_answers_total{endpoint=api.generate,status=200}"] == 2
    assert told["doesnotexist_http_answers_total{endpoint=api.generate,status=400}"] == 1
    assert told["doesnotexist_http_seconds_count{endpoint=api.generate}"] == 3
    assert told["doesnotexist_worker_restarts_total"] == 0
    assert told["doesnotexist_models"] == 1


def test_refusals_deaths_and_the_queue_are_told(ask, zoo, moods):
    moods.go_on.clear()
    waiting = [zoo._submit(zoo.recipe("moods", 1))]
    while zoo.status()["waiting"]:
        time.sleep(0.01)  # until it is at work
    waiting += [zoo._submit(zoo.recipe("moods", seed)) for seed in (2, 3)]
    refused = [ask("zoo.test", f"/generate/moods?seed={seed}") for seed in range(10, 13)]
    assert {answer.status_code for answer in refused} == {503}
    assert refused[-1].headers["X-Queue-Depth"] == "2"
    assert int(refused[-1].headers["Retry-After"]) >= 1
    told = figures(ask("localhost", "/metrics"))
    assert told["doesnotexist_queue_depth{domain=moods}"] == 2
    assert told["doesnotexist_samples_total{domain=moods,outcome=refused}"] == len(refused)
    moods.go_on.set()
    assert [future.result(20) for future in waiting]
    for _ in range(3):
        zoo._started()._line.died("moods")
    told = figures(ask("localhost", "/metrics"))
    assert told["doesnotexist_worker_deaths_total{domain=moods}"] == 3
    assert told["doesnotexist_resting_seconds{domain=moods}"] > 20


def test_the_pool_and_the_cache_are_told(settings, plugins):
    richer = settings.model_copy(update={"pool_bytes": 100_000, "media_bytes": 100_000, "plugins": "blots"})
    with Zoo(richer, plugins) as zoo:
        client = create_app(zoo).test_client()
        at = {"HTTP_HOST": "blots.localhost"}
        sources = {client.get("/image", environ_overrides=at).headers["X-Fresh"] for _ in range(30)}
        assert "pool" in sources
        assert sources <= {"pool", "made"}
        for _ in range(2):
            answer = client.get("/generate/blots?seed=7", environ_overrides=at)
            assert "X-Fresh" not in answer.headers
        told = figures(client.get("/metrics", environ_overrides={"HTTP_HOST": "localhost"}))
    assert told["doesnotexist_pool_requests_total{domain=blots,result=given}"] >= 1
    assert "doesnotexist_pool_samples{domain=blots}" in told
    assert told["doesnotexist_media_cache_hits_total"] >= 1


def test_status_is_a_page_for_people_and_json_for_programs(ask):
    ask("zoo.test", "/generate/blots?seed=7")
    page = ask("localhost", "/status", accept="text/html")
    assert page.mimetype == "text/html"
    assert "blots" in page.text
    assert "≤" in page.text
    data = json.loads(ask("localhost", "/status", accept="application/json").data)
    assert data["domains"]["blots"]["made"] == 1
    assert data["backend"] == "thread"


@pytest.mark.parametrize("path", ["/status", "/metrics"])
def test_figures_are_for_this_machine_alone(ask, path):
    assert ask("localhost", path).status_code == 200
    assert ask("127.0.0.1:8000", path).status_code == 200
    for host in ("zoo.test", "blots.zoo.test", "blots.localhost", "localhost.zoo.test"):
        assert ask(host, path).status_code == 404, host
    assert ask("localhost", path, X_Forwarded_For="203.0.113.7").status_code == 404
    assert ask("localhost", path, Via="1.1 proxy").status_code == 404
    # nor may a page of another site read them in an operator's browser
    assert "Access-Control-Allow-Origin" not in ask("localhost", path).headers


def test_nobody_may_see_them_unless_an_operator_says_so(settings, plugins):
    """nginx with `proxy_pass` alone sends what this machine's own operator would."""
    usual = {name: value for name, value in dict(settings).items() if name != "status"}
    with Zoo(Settings(**usual), plugins) as zoo:
        client, bare_proxy = create_app(zoo).test_client(), {"HTTP_HOST": "127.0.0.1:8000"}
        for path in ("/status", "/metrics"):
            assert client.get(path, environ_overrides=bare_proxy).status_code == 404
        told = client.get("/plugins", headers={"Accept": "application/json"}, environ_overrides=bare_proxy)
        assert all("file" not in row and "reason" not in row for row in told.json)


@pytest.mark.parametrize("path", ["/status", "/metrics"])
def test_a_stranger_who_names_this_machine_is_a_stranger(app, path):
    client = app.test_client()
    from_afar = {"HTTP_HOST": "localhost", "REMOTE_ADDR": "203.0.113.7"}
    assert client.get(path, environ_overrides=from_afar).status_code == 404


@pytest.mark.parametrize(("who", "host", "status"), [("public", "zoo.test", 200), ("off", "localhost", 404)])
def test_an_operator_decides_who_may_see_them(settings, plugins, who, host, status):
    with Zoo(settings.model_copy(update={"status": who}), plugins) as zoo:
        client = create_app(zoo).test_client()
        for path in ("/status", "/metrics"):
            assert client.get(path, environ_overrides={"HTTP_HOST": host}).status_code == status
        assert client.get("/status", environ_overrides={"HTTP_HOST": "blots.zoo.test"}).status_code == 404


def test_ready_says_whether_requests_are_welcome(ask, zoo):
    assert json.loads(ask("zoo.test", "/readyz").data) == {"status": "ready"}
    zoo.close()
    answer = ask("zoo.test", "/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert json.loads(answer.data)["reason"] == "it is closing"
