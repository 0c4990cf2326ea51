"""The domain as the runtime sees it."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest

from doesnotexist.errors import InvalidParameter, WeightsInvalid
from doesnotexist.generator import check_params
from doesnotexist.recipe import Recipe
from doesnotexist_chemicals import plugin
from doesnotexist_chemicals.chemistry import verdict
from doesnotexist_chemicals.plugin import ChemicalParams, Chemicals

CARD: Any = SimpleNamespace(id="chemicals/moses-gpt")


def recipe(seed: int, temperature: float = 1.0) -> Recipe:
    return Recipe("chemicals/moses-gpt", "0" * 64, seed, {"temperature": temperature})


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import sys, doesnotexist_chemicals.plugin; print({'torch', 'rdkit', 'numpy'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert told.strip() == "set()"


def test_it_registers_one_domain_and_its_commands() -> None:
    generators: list[Any] = []
    plugin.register_generators(generators.append)
    cli = click.Group()
    plugin.register_commands(cli)
    plugin.register_commands(cli)

    assert [generator.domain for generator in generators] == ["chemicals"]
    assert list(cast(click.Group, cli.commands["train"]).commands) == ["molecules", "molecules-raw"]


@pytest.mark.parametrize(
    "given", [{"temperature": 0.4}, {"temperature": "nan"}, {"temperature": 9}, {"psi": 1}]
)
def test_parameters_are_bounded(given: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        check_params(ChemicalParams, given)


def test_junk_is_no_model() -> None:
    with pytest.raises(WeightsInvalid, match="chemicals/moses-gpt"):
        Chemicals().load(CARD, {"weights": b"junk"}, "cpu")


def test_recipes_become_molecules_in_order(bundled: bytes) -> None:
    sampler = Chemicals().load(CARD, {"weights": bundled}, "cpu")
    recipes = [recipe(7), recipe(8, 0.7), recipe(9), recipe(7, 0.7), recipe(7)]
    molecules = sampler.sample(recipes)
    smiles = [molecule.facts()["smiles"] for molecule in molecules]

    assert smiles[0] == smiles[4] != smiles[3]
    assert smiles[2] == sampler.sample([recipe(9)])[0].facts()["smiles"]
    assert all(verdict(text) is None for text in smiles)
    assert {"svg", "smi"} <= set(Chemicals.formats)
