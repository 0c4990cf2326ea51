"""A source that moved or changed is found without fetching it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from doesnotexist.cards import Licence, ModelCard, WeightFile
from doesnotexist.catalogue import Listing
from doesnotexist.commands.models import models_command
from doesnotexist.downloads.source_check import check_sources
from doesnotexist.downloads.transport import Network
from doesnotexist.errors import DoesNotExistError

DATA = bytes(i * i % 251 for i in range(300_000))


def card(file: WeightFile) -> ModelCard:
    names = {"id": "dogs/a", "domain": "dogs", "architecture": "stylegan2", "resolution": 64}
    texts = {"title": "t", "credit": "c", "data": "d", "limits": "l"}
    free = Licence(code="MIT", weights="MIT", data="CC0", commercial=True, attribution="nobody")
    return ModelCard(**names, **texts, files=(file,), licence=free)


def test_every_source_is_asked(server: Any, network: Network, weight_file: Callable[..., WeightFile]) -> None:
    server.serve("/right")
    server.serve("/short", DATA[:7])
    reports = list(check_sources([card(weight_file("/right", "/short", "/absent"))], network))

    assert [bool(report.fault) for report in reports] == [False, True, True]
    assert reports[1].fault == f"expected size {len(DATA)}, found 7"
    assert "404" in reports[2].fault
    assert (reports[0].source, reports[0].size) == (f"{server.origin}/right", len(DATA))


def test_what_a_row_does_not_know_is_told(
    server: Any, network: Network, weight_file: Callable[..., WeightFile]
) -> None:
    """How whoever keeps a registry learns what an unverified row lacks."""
    server.serve("/a")
    (report,) = check_sources(
        [card(weight_file("/a", size=0, sha256="", unverified="not published"))], network
    )

    assert (report.fault, report.size) == ("", len(DATA))


def test_many_sources_are_told_in_their_order(
    server: Any, network: Network, weight_file: Callable[..., WeightFile]
) -> None:
    paths = [f"/{number}" for number in range(30)]
    for path in paths:
        server.serve(path)
    cards = [card(weight_file(*paths[:10])), card(weight_file(*paths[10:]))]

    assert [r.source for r in check_sources(cards, replace(network, timeout_s=20, patience_s=20))] == [
        server.origin + path for path in paths
    ]


Run = Callable[..., Result]


@pytest.fixture
def run(network: Network, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command over these cards; it may ask the test's own server."""
    monkeypatch.setattr("doesnotexist.downloads.transport.Network", lambda: network)

    def _run(*arguments: str, files: tuple[WeightFile, ...]) -> Result:
        models = [Listing(card(file), "remote") for file in files]
        plugins = SimpleNamespace(generators={})
        zoo = SimpleNamespace(models=lambda _: models, plugins=plugins)
        return CliRunner().invoke(models_command, arguments, obj=SimpleNamespace(zoo=zoo))

    return _run


def test_the_command_is_content_with_what_answers(
    server: Any, run: Run, weight_file: Callable[..., WeightFile]
) -> None:
    server.serve("/a")
    result = run("--check", files=(weight_file("/a"),))

    assert (result.exit_code, result.exception) == (0, None)
    assert result.stdout.split() == ["ok", "dogs/a", f"{server.origin}/a", "0.3", "MB"]
    assert "all of 1 sources" in result.stderr


def test_the_command_fails_for_one_that_does_not(
    server: Any, run: Run, weight_file: Callable[..., WeightFile]
) -> None:
    server.serve("/short", DATA[:7])
    result = run("--check", "--json", files=(weight_file("/short"),))

    assert isinstance(result.exception, DoesNotExistError)
    assert str(result.exception) == "1 of 1 sources are not as their cards say"
    (row,) = json.loads(result.stdout)
    assert (row["size"], row["fault"]) == (7, f"expected size {len(DATA)}, found 7")


def test_a_domain_without_a_plugin_is_listed_as_such(
    run: Run, weight_file: Callable[..., WeightFile]
) -> None:
    result = run(files=(weight_file("/a"),))

    assert "dogs/a *" in result.stdout
    assert "no plugin is installed for: dogs" in result.stderr
