"""Registries of the user's: a file, or an address pinned by its digest; a bad one costs its own models."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist.cards import ModelCard
from doesnotexist.downloads.further_registries import fetch_further, read_further
from doesnotexist.downloads.transport import Address, Network
from doesnotexist.errors import InvalidParameter, RegistryInvalid, UnknownModel
from doesnotexist.plugins import Plugins
from doesnotexist.registry import find_registry, read_registry
from doesnotexist.testing import fake_card, fake_registry, fake_weights

WEIGHTS = fake_weights()


def card(id: str = "dogs/mine", **facts: Any) -> ModelCard:
    domain, _, name = id.partition("/")
    return fake_card(domain, {"weights": WEIGHTS}, name, **facts)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return fake_registry(tmp_path / "mine.yaml", card())


def pinned(raw: bytes, url: str = "https://example.com/r.yaml") -> str:
    return f"{url}#sha256={hashlib.sha256(raw).hexdigest()}"


def test_a_file(mine: Path, tmp_path: Path) -> None:
    (found,) = read_further(str(mine), [], tmp_path)

    assert (found.fault, [one.id for one in found.cards]) == ("", ["dogs/mine"])
    assert read_further(None, [], tmp_path) == read_further(" , ", [], tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("absent.yaml", "cannot be read"),
        ("https://example.com/r.yaml", "expected https"),
        (f"http://example.com/r.yaml#sha256={'0' * 64}", "expected https"),
        (f"file:///r.yaml#sha256={'0' * 64}", "expected https"),
        (f"https://example.com/r.yaml#sha256={'0' * 63}", "expected https"),
        (f"https://example.com/r.yaml#md5={'0' * 64}", "expected https"),
        (f"https://example.com/r.yaml#sha256={'0' * 64}", "registries --fetch"),
    ],
)
def test_a_bad_one_costs_its_own_models_alone(mine: Path, tmp_path: Path, text: str, told: str) -> None:
    bad, good = read_further(f"{text}, {mine}", [], tmp_path)

    assert told in bad.fault
    assert bad.cards == ()
    assert [one.id for one in good.cards] == ["dogs/mine"]


def test_an_id_that_is_taken(mine: Path, tmp_path: Path) -> None:
    (taken,) = read_further(str(mine), [card()], tmp_path)
    first, second = read_further(f"{mine},{mine}", [], tmp_path)

    for one in (taken, second):
        assert one.fault.endswith("another registry has a model dogs/mine; rename this one")
    assert first.fault == ""


@pytest.fixture
def served(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The rule asks for https, which this server does not speak: its address is put in its place."""

    def address(url: str) -> Address:
        return Address(url.replace("https://example.com", server.origin))

    monkeypatch.setattr("doesnotexist.downloads.transport.Address", address)
    return server


def test_an_address_is_fetched_when_asked_for_and_once(
    served: Any, network: Network, mine: Path, tmp_path: Path
) -> None:
    raw, root = mine.read_bytes(), tmp_path / "store"
    served.serve("/r.yaml", raw)
    place = pinned(raw)

    assert "not on this machine yet" in read_further(place, [], root)[0].fault
    assert served.seen == []
    assert list(fetch_further(place, root, network)) == ["https://example.com/r.yaml"]
    assert list(fetch_further(place, root, network)) == []
    assert len(served.seen) == 1
    assert [one.id for one in read_further(place, [], root)[0].cards] == ["dogs/mine"]


@pytest.mark.parametrize("body", [b"format: 1\nmodels: []\n#", b"#" * 5_000_000, b""])
def test_other_bytes_than_it_is_pinned_to(served: Any, network: Network, tmp_path: Path, body: bytes) -> None:
    served.serve("/r.yaml", body)
    with pytest.raises(RegistryInvalid, match="expected sha256"):
        list(fetch_further(pinned(b"format: 1\nmodels: []\n"), tmp_path, network))
    assert not (tmp_path / "registries").exists()


def test_a_rotten_copy_is_not_read_and_can_be_fetched_anew(
    served: Any, network: Network, mine: Path, tmp_path: Path
) -> None:
    raw, root = mine.read_bytes(), tmp_path / "store"
    served.serve("/r.yaml", raw)
    list(fetch_further(pinned(raw), root, network))
    (kept,) = (root / "registries").iterdir()
    kept.write_bytes(raw + b"#")

    assert "expected sha256" in read_further(pinned(raw), [], root)[0].fault
    assert list(fetch_further(pinned(raw), root, network))
    assert read_further(pinned(raw), [], root)[0].fault == ""


def test_an_address_in_a_private_network_is_not_asked(tmp_path: Path) -> None:
    with pytest.raises(RegistryInvalid, match="expected a public address"):
        list(fetch_further(pinned(b"", "https://127.0.0.1/r.yaml"), tmp_path, Network()))


def zoo_of(tmp_path: Path, **settings: Any) -> Zoo:
    return Zoo(Settings.read({}, store=tmp_path / "store", **settings), Plugins(frozenset({"faces"})))


def test_a_zoo_with_a_bad_registry_is_a_zoo(mine: Path, tmp_path: Path) -> None:
    with zoo_of(tmp_path, registries=f"absent.yaml,{mine}") as zoo:
        assert [bool(one.fault) for one in zoo.further] == [True, False]
        assert zoo.registry.card("dogs/mine").domain == "dogs"
        assert zoo.registry.card("faces/starter-64").domain == "faces"


def test_a_default_of_the_users_own_is_the_default(tmp_path: Path) -> None:
    starter = next(one for one in read_registry(find_registry()) if one.id == "faces/starter-64")
    own = starter.model_copy(update={"id": "faces/mine", "default": True})
    mine = fake_registry(tmp_path / "mine.yaml", own)
    with zoo_of(tmp_path, registries=str(mine)) as zoo:
        assert zoo.card("faces").id == "faces/mine"


def test_an_operator_may_set_the_model_of_a_domain(tmp_path: Path) -> None:
    """Also one that must be fetched first: then the answer says so, and nothing is fetched unasked."""
    with zoo_of(tmp_path) as zoo:
        assert zoo.card("faces").id == "faces/starter-64"
    with zoo_of(tmp_path, models="cats/lsun-256, faces/ffhq-512") as zoo:
        assert zoo.card("faces").id == "faces/ffhq-512"
    with pytest.raises(UnknownModel):
        zoo_of(tmp_path, models="faces/absent")
    with pytest.raises(InvalidParameter, match="one model for faces"):
        zoo_of(tmp_path, models="faces/ffhq-512,faces/starter-64")


def test_the_command_lists_them_and_fails_for_a_bad_one(mine: Path, tmp_path: Path) -> None:
    def told(places: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "doesnotexist", "registries", "--json"]
        store = str(tmp_path / "store")
        env = {**os.environ, "DOESNOTEXIST_REGISTRIES": places, "DOESNOTEXIST_STORE": store}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env)

    good, bad = told(str(mine)), told(f"{mine},{tmp_path / 'absent.yaml'}")
    rows = json.loads(good.stdout)
    assert (good.returncode, bad.returncode) == (0, 3)
    assert rows[0]["kind"] == "the zoo's"
    assert rows[-1] == {"kind": "yours", "place": str(mine), "models": 1, "fault": ""}
    assert "absent.yaml: cannot be read" in json.loads(bad.stdout)[-1]["fault"]
    assert "not used: " in bad.stderr
