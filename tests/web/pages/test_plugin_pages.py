"""What became of each plugin: a plain sentence for visitors, the reason for whoever asks from here."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from doesnotexist.plugins import PluginState
from doesnotexist_web.pages.plugin_pages import PLAIN

REASON = "import failed: OSError: /home/me/dogs/key.pem: hf_secret"


@pytest.fixture
def dogs(zoo) -> PluginState:
    """One more plugin, which is broken."""
    state = PluginState(
        "dogs", "doesnotexist-dogs", "1.2.3", "broken", REASON, ("dogs",), "dogs/__init__.py:3"
    )
    zoo.plugins._states["dogs"] = state
    return state


def rows(answer) -> dict[str, dict[str, object]]:
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return {row["name"]: row for row in json.loads(answer.data)}


def test_a_visitor_reads_a_plain_sentence_and_nothing_else(ask, dogs):
    for accept in ("application/json", "text/html"):
        answer = ask("zoo.test", "/plugins", accept)
        for word in ("home", "hf_secret", "OSError", "__init__", "1.2.3"):
            assert word not in answer.text
        assert PLAIN["broken"] in answer.text
    found = rows(ask("zoo.test", "/plugins", "application/json"))
    assert found["dogs"] == {"name": "dogs", "state": "broken", "domains": ["dogs"], "told": PLAIN["broken"]}
    assert found["blots"]["state"] == "ready"


def test_an_operator_reads_the_reason(ask, dogs):
    row = rows(ask("localhost", "/plugins", "application/json"))["dogs"]
    assert (row["reason"], row["file"], row["version"]) == (REASON, "dogs/__init__.py:3", "1.2.3")
    page = ask("localhost", "/plugins", "text/html").text
    assert "/home/me/dogs/key.pem" in page
    assert "dogs/__init__.py:3" in page


def test_what_came_through_a_proxy_is_a_visitors(ask, dogs):
    answer = ask("localhost", "/plugins", "application/json", X_Forwarded_For="127.0.0.1")
    assert "reason" not in rows(answer)["dogs"]


@pytest.mark.parametrize("state", PLAIN)
def test_every_state_has_its_sentence(ask, zoo, dogs, state):
    zoo.plugins._states["dogs"] = replace(dogs, state=state)
    assert PLAIN[state] in ask("zoo.test", "/plugins", "text/html").text


def test_a_name_is_text_and_no_markup(ask, zoo, dogs):
    zoo.plugins._states["<b>"] = replace(dogs, name="<b>", reason="<script>alert(1)</script>")
    page = ask("localhost", "/plugins", "text/html").text
    assert "<b>" not in page
    assert "<script>alert" not in page


def test_it_stands_on_the_bare_host_alone(ask):
    assert ask("blots.zoo.test", "/plugins").status_code == 404
