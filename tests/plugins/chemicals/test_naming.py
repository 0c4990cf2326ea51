"""Names come from an optional package, and their absence stops nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from doesnotexist_chemicals import naming


def test_without_the_package_there_is_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "namer", lambda: None)

    assert naming.systematic_name("CCO") is None


def test_what_the_package_says_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "namer", lambda: SimpleNamespace(name_smiles={"CCO": "ethanol", "C": ""}.get))

    assert naming.systematic_name("CCO") == "ethanol"
    assert naming.systematic_name("C") is None


def test_a_failing_package_costs_the_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(smiles: str) -> str:
        raise RecursionError(smiles)

    monkeypatch.setattr(naming, "namer", lambda: SimpleNamespace(name_smiles=failing))

    assert naming.systematic_name("CCO") is None


@pytest.mark.parametrize(
    ("smiles", "name"),
    [
        ("CCO", "ethanol"),
        ("CC(=O)Nc1ccc(O)cc1", "N-(4-hydroxyphenyl)acetamide"),
        ("CN(C(=O)CN1C(=O)COc2ccccc21)c1ccc(F)cc1", None),
    ],
)
def test_the_real_package_names(smiles: str, name: str | None) -> None:
    pytest.importorskip("openclatura")
    found = naming.systematic_name(smiles)

    assert found
    assert name in (None, found)
