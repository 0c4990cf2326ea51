"""How much one visitor may ask for."""

from __future__ import annotations

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist_web.app import create_app
from doesnotexist_web.operating.limits import VISITORS, Meter


@pytest.fixture
def client(settings, plugins):
    """A site that grants 20 requests each minute, behind one proxy."""
    limited = Settings(**{**dict(settings), "rate_limit": "20/minute", "proxies": 1})
    with Zoo(limited, plugins) as zoo:
        yield create_app(zoo).test_client()


def fetch(client, path: str, address: str = "192.0.2.1"):
    host = {"HTTP_HOST": "blots.zoo.test", "HTTP_X_FORWARDED_FOR": address}
    return client.get(path, environ_overrides=host, buffered=True)


def test_beyond_the_limit_is_429_and_says_until_when(client):
    answers = [fetch(client, "/domains") for _ in range(21)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    refused = answers[-1]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "20 requests each minute" in refused.text
    assert refused.headers["Cache-Control"] == "no-store"


def test_each_address_has_its_own(client):
    for _ in range(21):
        fetch(client, "/domains")

    assert fetch(client, "/domains", "192.0.2.2").status_code == 200
    # what a client says before the proxy's own word is not believed
    assert fetch(client, "/domains", "203.0.113.7, 192.0.2.1").status_code == 429


def test_a_network_of_ipv6_is_one_visitor(client):
    statuses = [fetch(client, "/domains", f"2001:db8::{number:x}").status_code for number in range(1, 22)]

    assert statuses[-1] == 429
    assert fetch(client, "/domains", "2001:db8:0:1::1").status_code == 200


@pytest.mark.parametrize("path", ["/sheet.json", "/generate/blots?count=1&format=json"])
def test_what_costs_many_generations_counts_for_many(client, path):
    assert [fetch(client, path).status_code for _ in range(3)] == [200, 200, 429]


def test_a_file_to_look_at_counts_for_many(client):
    host = {"HTTP_HOST": "zoo.test", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}
    answers = [client.post("/verify", data=b"?", environ_overrides=host).status_code for _ in range(3)]

    assert answers == [200, 200, 429]


def test_what_watches_a_site_is_not_limited(client):
    style = f"{client.application.static_url_path}/icon.svg"

    assert {fetch(client, path).status_code for path in ["/healthz", style] * 30} == {200}


def test_no_limit_unless_it_is_set(ask):
    assert {ask("blots.zoo.test", "/domains").status_code for _ in range(60)} == {200}


def test_what_is_asked_for_is_forgotten_bit_by_bit(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("doesnotexist_web.operating.limits.time.monotonic", lambda: now[0])
    meter = Meter("60/minute")
    assert [meter.ask("she") for _ in range(61)] == [0.0] * 60 + [1.0]

    now[0] += 2
    assert [meter.ask("she") for _ in range(3)] == [0.0, 0.0, 1.0]
    assert meter.ask("she", 10) == 10.0
    now[0] += 10
    assert meter.ask("she", 10) == 0.0


def test_what_costs_more_than_all_that_is_granted_may_be_had_once():
    assert Meter("5/minute").ask("she", 10) == 0.0


def test_a_million_addresses_are_not_a_million_rows():
    meter, granted = Meter("20/hour"), 0
    for number in range(VISITORS * 3):
        meter.ask(str(number))
        if number % 100 == 0:
            granted += not meter.ask("she")

    assert len(meter) == VISITORS
    assert granted == 20  # who goes on asking is not forgotten for them
