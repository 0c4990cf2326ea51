"""The doctor names what is not well, and the command that mends it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from doesnotexist.cards import Licence, Mirror, ModelCard, WeightFile
from doesnotexist.commands.doctor import doctor_command
from doesnotexist.downloads.further_registries import Further
from doesnotexist.downloads.history import History
from doesnotexist.errors import RegistryInvalid, UnknownModel
from doesnotexist.plugins import PluginState
from doesnotexist.registry import Registry
from doesnotexist.weights import Store

DATA = b"weights"
FILE = WeightFile(
    name="x",
    format="safetensors",
    size=len(DATA),
    sha256=hashlib.sha256(DATA).hexdigest(),
    sources=(Mirror(url="https://example.com/x"),),
)
CARD = ModelCard(
    id="dogs/a",
    domain="dogs",
    title="t",
    architecture="stylegan2",
    resolution=64,
    files=(FILE,),
    licence=Licence(code="MIT", weights="MIT", data="CC0", commercial=True, attribution="nobody"),
    credit="c",
    data="d",
    limits="l",
)


class Zoo(SimpleNamespace):
    def card(self, domain: str) -> ModelCard:
        cards = self.registry.cards(domain)
        if not cards:
            raise UnknownModel(domain, ())
        return cards[0]


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    store = Store(tmp_path / "store")
    store.place(FILE.sha256).write_bytes(DATA)
    plugins = SimpleNamespace(
        generators={"dogs": None},
        states=(PluginState("dogs", "dogs-dist", "1"),),
        findings=list,
    )
    return Zoo(
        registry=Registry([CARD]),
        further=(),
        store=store,
        plugins=plugins,
        settings=SimpleNamespace(device="cpu", credentials=None),
    )


Run = Callable[[], Result]


@pytest.fixture
def run(zoo: Zoo) -> Run:
    return lambda: CliRunner().invoke(doctor_command, [], obj=SimpleNamespace(zoo=zoo))


def not_well(result: Result) -> list[str]:
    return [line for line in result.output.splitlines() if line.startswith("NOT")]


def test_all_is_well(run: Run) -> None:
    result = run()

    assert (result.exit_code, not_well(result)) == (0, [])
    assert "dogs/a, cached" in result.output


def test_missing_weights(run: Run, zoo: Zoo) -> None:
    zoo.store.path(FILE.sha256).unlink()

    (line,) = not_well(run())

    assert "-> doesnotexist pull dogs/a" in line


def test_wrong_weights(run: Run, zoo: Zoo) -> None:
    zoo.store.path(FILE.sha256).write_bytes(DATA[::-1])

    assert "expected sha256" in not_well(run())[0]


def test_what_a_plugin_has_to_say(run: Run, zoo: Zoo) -> None:
    zoo.plugins.findings = lambda: [("dog food", False, "none", "buy some"), ("water", True, "a bowl", "")]

    result = run()

    assert not_well(result) == ["NOT  dog food               none -> buy some"]
    assert "ok   water                  a bowl\n" in result.output


def test_a_domain_without_a_model(run: Run, zoo: Zoo) -> None:
    zoo.plugins.generators = {"fish": None}

    assert "model of fish" in not_well(run())[0]


def test_a_broken_plugin(run: Run, zoo: Zoo) -> None:
    zoo.plugins.states = (PluginState("dogs", "dogs-dist", "1", "broken", "import failed"),)

    (line,) = not_well(run())

    assert "import failed" in line
    assert "dogs-dist" in line


def test_a_store_that_others_can_read(run: Run, zoo: Zoo) -> None:
    zoo.store.root.chmod(0o755)

    assert f"chmod 700 {zoo.store.root}" in not_well(run())[0]


def test_a_device_that_is_not_there(run: Run, zoo: Zoo) -> None:
    zoo.settings.device = "mps"

    assert "mps" in "".join(line for line in run().output.splitlines() if "device" in line)


def test_a_registry_that_cannot_be_read() -> None:
    class Broken:
        @property
        def zoo(self) -> Zoo:
            raise RegistryInvalid("r.yaml", "unknown key 'x'", 3, 1)

    result = CliRunner().invoke(doctor_command, ["--json"], obj=Broken())

    rows = json.loads(result.output)
    assert rows[-1]["what"] == "registry"
    assert "r.yaml:3:1" in rows[-1]["found"]
    assert str(result.exception) == "not well: registry"


def test_a_registry_of_the_users_that_is_not_used(run: Run, zoo: Zoo) -> None:
    zoo.further = (
        Further("mine.yaml", fault="mine.yaml:3:1: unknown key 'x'"),
        Further("good.yaml", (CARD,)),
    )

    (line,) = not_well(run())

    assert "unknown key 'x'" in line
    assert "DOESNOTEXIST_REGISTRIES" in line


def test_a_registry_that_went_back(run: Run, zoo: Zoo) -> None:
    History(zoo.store.root).add(CARD.model_copy(update={"version": 2}))

    (line,) = not_well(run())

    assert "dogs/a: expected version 2 or later, found version 1" in line
