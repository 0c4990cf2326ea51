"""Pictures are ordered before their requests have a thread; refusals never have one."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import pytest
import requests
from waitress import wasyncore
from waitress.adjustments import Adjustments

from doesnotexist import Zoo
from doesnotexist_web.app import create_app
from doesnotexist_web.server import commands
from doesnotexist_web.server.gate import Gate, order_early
from doesnotexist_web.server.parsing import Parser

HERD = 2 * commands.THREADS


@contextmanager
def serving(zoo):
    """The port of a site, served as `serve` does."""
    zoo.settings = zoo.settings.model_copy(update={"port": 0})
    app = create_app(zoo, commands.PLACES)
    server = commands._listen(zoo, app)
    order_early(server, app)
    sockets, over = server._map, threading.Event()

    def run():
        while not over.is_set():
            wasyncore.loop(timeout=0.05, use_poll=True, map=sockets, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        over.set()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(sockets)


@pytest.fixture
def port(zoo):
    with serving(zoo) as port:
        yield port


def asked(port, path, *more: str, host="zoo.test", version="1.1"):
    """A connection that has asked for something, and has not read the answer."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    lines = [f"GET {path} HTTP/{version}", f"Host: {host}", *more, "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def answer(connection) -> tuple[int, dict[str, str], bytes]:
    """The next answer that comes over a connection."""
    file = connection.makefile("rb")
    status = int(file.readline().split()[1])
    headers = dict(line.decode().rstrip().split(": ", 1) for line in iter(file.readline, b"\r\n"))
    return status, headers, file.read(int(headers["Content-Length"]))


def get(port, path, *more: str, **how: str) -> tuple[int, dict[str, str], bytes]:
    with asked(port, path, *more, **how) as connection:
        return answer(connection)


def until(what) -> None:
    end = time.monotonic() + 15
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def full(zoo, moods):
    """The domain of moods has one at work and two in its queue, which is all it takes, until it may go on."""
    moods.go_on.clear()
    futures = [zoo._submit(zoo.recipe("moods", 100))]
    until(lambda: not zoo.status()["waiting"])
    futures += [zoo._submit(zoo.recipe("moods", seed)) for seed in (101, 102)]
    yield
    moods.go_on.set()
    assert [future.result(20) for future in futures]


def test_a_herd_is_one_generation_and_holds_no_thread(port, zoo, moods):
    moods.go_on.clear()
    with ExitStack() as stack:
        herd = [stack.enter_context(asked(port, "/generate/moods?seed=7")) for _ in range(HERD)]
        until(lambda: zoo.status().get("coalesced") == HERD - 1)
        assert get(port, "/healthz")[0] == 200
        moods.go_on.set()
        answers = [answer(each) for each in herd]

    assert {status for status, *_ in answers} == {200}
    assert len({body for *_, body in answers}) == 1
    assert zoo.status()["made"] == 1


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "text/plain", "text/html", "image/webp,*/*;q=0.8"]
)
@pytest.mark.parametrize("path", ["/generate/moods?seed=7", "/d/moods/image", "/d/moods/image.png?seed=8"])
def test_a_refusal_is_what_flask_says(full, port, app, accept, path):
    with app.test_client() as client:
        sent = {"environ_overrides": {"HTTP_HOST": "zoo.test"}, "headers": {"Accept": accept}}
        expected = client.get(path, **sent)
    first, again = (get(port, path, f"Accept: {accept}") for _ in range(2))

    for status, headers, body in (first, again):
        own, date = headers.pop("X-Request-Id"), headers.pop("Date")
        name = expected.headers["X-Request-Id"]
        assert status == expected.status_code == 503
        assert headers == {k: v for k, v in expected.headers.items() if k != "X-Request-Id"}
        assert body.replace(own.encode(), name.encode()) == expected.data
        assert own != name
        assert date.endswith(" GMT")
        assert headers["X-Queue-Depth"] == "2"
        assert int(headers["Retry-After"]) >= 1
    assert first[1] == again[1]


def test_a_refused_connection_goes_on_or_ends_as_it_wants(full, port):
    path = "/generate/moods?seed=7"
    with asked(port, path) as connection:
        assert answer(connection)[0] == 503
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: zoo.test\r\n\r\n")
        assert answer(connection)[0] == 200
    for more, version in ((["Connection: close"], "1.1"), ([], "1.0")):
        with asked(port, path, *more, version=version) as connection:
            assert answer(connection)[0] == 503
            assert connection.recv(1) == b""


def test_refused_requests_one_behind_the_other(full, port):
    raw = b"GET /generate/moods?seed=%d HTTP/1.1\r\nHost: zoo.test\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"".join(raw % seed for seed in range(20)))
        said = b""
        while said.count(b"HTTP/1.1 503") < 20:
            piece = connection.recv(65536)
            assert piece
            said += piece


def test_what_is_kept_is_not_refused(settings, plugins, moods):
    with Zoo(settings.model_copy(update={"media_bytes": 100_000}), plugins) as zoo, serving(zoo) as port:
        kept = get(port, "/generate/moods?seed=1")
        moods.go_on.clear()
        with ExitStack() as stack:
            for seed in range(3):
                stack.enter_context(asked(port, f"/generate/moods?seed=1{seed}"))
                until(lambda seed=seed: zoo.status()["waiting"].get("moods", 0) == seed)
            assert get(port, "/generate/moods?seed=2")[0] == 503
            assert get(port, "/generate/moods?seed=1")[2] == kept[2]
            with asked(port, "/generate/moods?seed=1", f"If-None-Match: {kept[1]['Etag']}") as connection:
                assert connection.recv(100).startswith(b"HTTP/1.1 304")
            moods.go_on.set()


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("zoo.test", "/generate/blots?seed=-1", 400),
        ("zoo.test", "/generate/blots?seed=1&seed=2", 400),
        ("zoo.test", "/generate/blots?colour=red", 400),
        ("zoo.test", "/generate/dragons?seed=1", 404),
        ("zoo.test", "/image", 404),
        ("dragons.zoo.test", "/image", 404),
        ("dragons.zoo.test", "/generate/blots", 404),
        ("blots.zoo.test", "/image.exe", 400),
        ("evil.example", "/generate/blots", 421),
        ("zoo.test", "/generate/blots?seed=%zz&size=%ff", 400),
        ("blots.zoo.test", "/image?cache=buster", 200),
    ],
)
def test_what_is_wrong_is_told_as_ever(port, host, path, status):
    assert get(port, path, host=host)[0] == status


def test_a_picture_without_a_seed_is_the_one_that_its_headers_name(port):
    _, headers, body = get(port, "/generate/blots?spots=9&format=png")
    permalink = headers["Link"].partition(">")[0].lstrip("<")

    assert f"seed={headers['X-Seed']}" in permalink
    assert get(port, f"{permalink}&format=png")[2] == body


def test_refusals_are_counted_and_logged_as_answers_are(settings, plugins, moods, caplog):
    told = settings.model_copy(update={"log": "json", "status": "local"})
    with Zoo(told, plugins) as zoo, serving(zoo) as port:
        moods.go_on.clear()
        with ExitStack() as stack:
            for seed in range(3):
                stack.enter_context(asked(port, f"/generate/moods?seed={seed}"))
                until(lambda seed=seed: zoo.status().get("waiting", {}).get("moods", 0) == seed)
            with caplog.at_level(logging.INFO, "doesnotexist.requests"):
                status, headers, body = get(port, "/d/moods/image?secret=1", host="localhost")
                until(lambda: caplog.records)
            figures = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text
            moods.go_on.set()

    assert status == 503
    assert 'doesnotexist_http_answers_total{endpoint="api.image",status="503"} 1.0' in figures
    assert 'doesnotexist_samples_total{domain="moods",outcome="refused"} 1.0' in figures
    facts = next(record.facts for record in caplog.records if record.facts["status"] == 503)
    assert facts["request_id"] == headers["X-Request-Id"]
    assert (facts["method"], facts["path"], facts["bytes"]) == ("GET", "/d/moods/image", len(body))
    assert facts["ms"] >= 0
    assert "secret" not in json.dumps(facts)


def test_who_has_gone_is_not_served(port, zoo, moods):
    moods.go_on.clear()
    with asked(port, "/generate/moods?seed=1"):
        until(lambda: zoo.status().get("batches") == 1)  # the first is at work
        asked(port, "/generate/moods?seed=2").close()
        until(lambda: zoo.status()["waiting"] == {"moods": 1})
        time.sleep(1.5)  # longer than until it is looked who has gone
        moods.go_on.set()
        until(lambda: zoo.status()["abandoned"] == 1)

    assert zoo.status()["made"] <= 1


def test_a_deadline_counts_for_who_waits_without_a_thread(settings, plugins, moods):
    with Zoo(settings.model_copy(update={"deadline_s": 1}), plugins) as zoo, serving(zoo) as port:
        moods.go_on.clear()
        status, *_ = get(port, "/generate/moods?seed=1")
        moods.go_on.set()

    assert status == 504


def test_a_limit_is_asked_first(settings, plugins):
    limited = settings.model_copy(update={"rate_limit": "2/day", "proxies": 1})
    with Zoo(limited, plugins) as zoo, serving(zoo) as port:
        paths = [f"/generate/blots?seed={seed}" for seed in range(3)]
        for visitor in ("192.0.2.1", "192.0.2.2"):
            forwarded = f"X-Forwarded-For: 192.0.2.9, {visitor}"
            assert [get(port, path, forwarded)[0] for path in paths] == [200, 200, 429]
        assert zoo.status()["made"] == 4


def test_a_flood_is_refused_where_there_is_a_limit_too(settings, plugins, moods):
    with Zoo(settings.model_copy(update={"rate_limit": "9/day"}), plugins) as zoo, serving(zoo) as port:
        moods.go_on.clear()
        with ExitStack() as stack:
            for seed in range(3):
                stack.enter_context(asked(port, f"/generate/moods?seed={seed}"))
                until(lambda seed=seed: zoo.status().get("waiting", {}).get("moods", 0) == seed)
            statuses = [get(port, f"/generate/moods?seed=1{seed}")[0] for seed in range(8)]
            moods.go_on.set()

    assert statuses == [503] * 6 + [429] * 2


def test_who_has_much_left_to_read_is_refused_by_a_thread(app, full):
    """The loop, which sends what there is, must never be the one who waits until it is read."""
    threads, loop = [], []
    gate = Gate(app, threads.append, loop.append)
    for held in (0, 1):
        request = Parser(Adjustments())
        request.received(b"GET /generate/moods?seed=9 HTTP/1.1\r\nHost: zoo.test\r\n\r\n")
        gate(SimpleNamespace(requests=[request], total_outbufs_len=held))

    assert (len(loop), len(threads)) == (1, 1)
