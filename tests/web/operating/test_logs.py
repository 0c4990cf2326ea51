"""Logs as lines of JSON: what stands in them, and what never does."""

from __future__ import annotations

import json
import logging

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist_web.app import create_app
from doesnotexist_web.operating.logs import JsonLines


@pytest.fixture
def lines(caplog):
    """Everything that was logged, as the lines that would be written."""
    caplog.set_level(logging.INFO, "doesnotexist")
    return lambda: [JsonLines().format(record) for record in caplog.records]


@pytest.fixture
def client(settings, plugins):
    root, ours = logging.getLogger(), logging.getLogger("doesnotexist")
    before, level = list(root.handlers), ours.level
    with Zoo(Settings(**{**dict(settings), "log": "json"}), plugins) as zoo:
        yield create_app(zoo).test_client()
    root.handlers[:] = before
    ours.setLevel(level)


def fetch(client, path: str, host: str = "blots.zoo.test", **headers: str):
    return client.get(path, headers=headers, environ_overrides={"HTTP_HOST": host})


def test_a_line_for_every_request(client, lines):
    answer = fetch(client, "/domains")
    told = json.loads(lines()[-1])

    assert told["request_id"] == answer.headers["X-Request-Id"]
    assert (told["method"], told["host"], told["path"]) == ("GET", "blots.zoo.test", "/domains")
    assert (told["status"], told["bytes"]) == (200, len(answer.data))
    assert 0 <= told["ms"] < 60_000
    assert told["time"].endswith("+00:00")


def test_no_query_no_header_and_no_address_is_written(client, lines):
    secrets = {"Authorization": "Bearer hunter2", "Cookie": "hunter2", "User-Agent": "hunter2"}
    fetch(client, "/image?token=hunter2", **secrets)
    fetch(client, "/nowhere?token=hunter2", host="hunter2.evil.test")

    assert "hunter2" not in "".join(lines())
    assert "127.0.0.1" not in "".join(lines())


@pytest.mark.parametrize(
    "path",
    ["/x%0d%0a%7b%22forged%22:1%7d", "/%1b%5b2J", "/%e2%80%ae", "/%00", "/" + "a" * 5000],
)
def test_nobody_can_forge_a_line(client, lines, path):
    fetch(client, path)
    line = lines()[-1]

    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 1500
    assert set(json.loads(line)) >= {"request_id", "path", "status"}


def test_a_fault_of_ours_is_one_line_with_its_trace(client, lines, moods):
    client.application.add_url_rule("/fault", "fault", lambda: 1 / 0)
    answer = fetch(client, "/fault")
    fault = next(json.loads(line) for line in lines() if "trace" in line)

    assert answer.headers["X-Request-Id"] in fault["message"]
    assert fault["trace"].endswith("ZeroDivisionError: division by zero")


def test_text_is_the_default(ask, lines):
    ask("blots.zoo.test", "/domains")

    assert not [line for line in lines() if "request_id" in line]
