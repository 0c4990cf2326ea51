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
from doesnotexist.recipe import Recipe, Value
from doesnotexist_chemicals import plugin
from doesnotexist_chemicals.chemistry import verdict
from doesnotexist_chemicals.params import ChemicalParams
from doesnotexist_chemicals.plugin import Chemicals

CARD: Any = SimpleNamespace(id="chemicals/moses-gpt", architecture="gpt")


def recipe(seed: int, temperature: float = 1.0, **more: Value) -> Recipe:
    return Recipe("chemicals/moses-gpt", "0" * 64, seed, {"temperature": temperature, **more})


def test_importing_it_and_adding_its_commands_imports_nothing_heavy() -> None:
    code = (
        "import sys, click, doesnotexist_chemicals.plugin as plugin\n"
        "from doesnotexist.commands.generate import GenerateGroup\n"
        "cli = click.Group(commands={'generate': GenerateGroup()})\n"
        "plugin.register_commands(cli)\n"
        "print({'torch', 'rdkit', 'numpy'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert told.strip() == "set()"


def test_it_registers_one_domain_and_its_commands() -> None:
    generators: list[Any] = []
    plugin.register_generators(generators.append)
    cli = click.Group()
    plugin.register_commands(cli)
    plugin.register_commands(cli)

    assert [generator.domain for generator in generators] == ["chemicals"]
    assert list(cast(click.Group, cli.commands["train"]).commands) == ["molecules"]


@pytest.mark.parametrize(
    "given", [{"temperature": 0.4}, {"temperature": "nan"}, {"temperature": 9}, {"psi": 1}, {"step": 0.5}]
)
def test_parameters_are_bounded(given: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        check_params(ChemicalParams, given)


def test_it_can_do_what_the_pictures_can() -> None:
    assert Chemicals().capabilities >= {"neighbours", "interpolate"}


def test_an_unknown_architecture_is_no_model() -> None:
    card: Any = SimpleNamespace(id="chemicals/other", architecture="keras")
    with pytest.raises(WeightsInvalid, match="keras"):
        Chemicals().load(card, {"weights": b"junk"}, "cpu")


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


def test_relatives_and_ways_say_what_they_are(bundled: bytes) -> None:
    sampler = Chemicals().load(CARD, {"weights": bundled}, "cpu")
    recipes = [
        recipe(11),
        recipe(12),
        recipe(11, relative=2),
        recipe(11, toward=12, step=0.0),
        recipe(11, toward=12),
        recipe(11, toward=12, step=1.0),
        recipe(11, relative=2, toward=12, step=0.0),
    ]
    facts = [molecule.facts() for molecule in sampler.sample(recipes)]
    smiles = [one["smiles"] for one in facts]

    assert "kinship" not in facts[0]
    assert facts[2]["kinship"].startswith(f"relative 2 of {smiles[0]}, whose scaffold ")
    assert (smiles[3], smiles[5], smiles[6]) == (smiles[0], smiles[1], smiles[2])
    assert smiles[4] not in (smiles[0], smiles[1])
    assert "on the way from" in facts[4]["kinship"]
    assert sampler.sample(recipes[4:5])[0].facts() == facts[4]


def test_the_print_style_is_black_and_the_same_molecule(bundled: bytes) -> None:
    sampler = Chemicals().load(CARD, {"weights": bundled}, "cpu")
    colour, printed = sampler.sample([recipe(7), recipe(7, style="print")])

    assert colour.facts() == printed.facts()
    assert b'pt"' in printed.encode("svg", None)
    assert colour.encode("svg", None) != printed.encode("svg", None)
