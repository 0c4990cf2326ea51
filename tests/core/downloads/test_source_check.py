"""A source that moved or changed is found without fetching it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from doesnotexist.cards import Licence, ModelCard, WeightFile
from doesnotexist.source_check import check_sources
from doesnotexist.transport import Network

DATA = bytes(i * i % 251 for i in range(300_000))


def card(file: WeightFile) -> ModelCard:
    names = {"id": "dogs/a", "domain": "dogs", "architecture": "stylegan2", "resolution": 64}
    texts = {"title": "t", "credit": "c", "data": "d", "limits": "l"}
    free = Licence(code="MIT", weights="MIT", data="CC0", commercial=True, attribution="nobody")
    return ModelCard(**names, **texts, files=(file,), licence=free)


def test_every_source_is_asked(server: Any, network: Network, weight_file: Callable[..., WeightFile]) -> None:
    server.serve("/right")
    server.serve("/short", DATA[:7])
    reports = list(check_sources(card(weight_file("/right", "/short", "/absent")), network))

    assert [bool(report.fault) for report in reports] == [False, True, True]
    assert reports[1].fault == f"expected size {len(DATA)}, found 7"
    assert "404" in reports[2].fault
    assert reports[0].source == f"{server.origin}/right"
