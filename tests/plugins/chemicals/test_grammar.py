"""What may follow what."""

from __future__ import annotations

import pytest

from doesnotexist_chemicals.chemistry import parse
from doesnotexist_chemicals.grammar import Prefix
from doesnotexist_chemicals.tokens import split


def accepts(smiles: str) -> bool:
    state = Prefix().extended(split(smiles))
    return state is not None and state.complete


@pytest.mark.parametrize(
    "smiles",
    ["C", "CS(=O)(=O)C", "O=c1cc[nH]cc1", "C1=CC=CC=C1", "C=1CCCCC=1", "CC(C)1CC1", "[H]N=C(N)N"],
)
def test_molecules_pass(smiles: str) -> None:
    assert accepts(smiles)


@pytest.mark.parametrize(
    "smiles",
    [
        "",
        "C(",
        "C()",
        "(C)",
        "C)",
        "C1CC",
        "C11",
        "C1C1",
        "1CC1",
        "C=",
        "=C",
        "C==C",
        "C(=)C",
        "C((C)C)",
        "C(1CC1)",
    ],
)
def test_broken_syntax_does_not(smiles: str) -> None:
    assert not accepts(smiles)


@pytest.mark.parametrize(
    "smiles", ["C(C)(C)(C)(C)C", "FC=C=F", "O=O=O", "CN(C)(C)C", "ClCl(C)C", "C#C=C", "C#CC#CC(C)(C)#C"]
)
def test_too_many_bonds_do_not(smiles: str) -> None:
    assert not accepts(smiles)


def test_a_waiting_ring_holds_its_valence() -> None:
    assert accepts("C12(C)CC1C2")
    assert not accepts("C123(C)(C)CC1C2C3")


def test_it_refuses_nothing_that_rdkit_takes(molecules: list[str]) -> None:
    """Every prefix of a molecule can be gone on with, and cut anywhere RDKit agrees about the end."""
    for smiles in molecules[:5]:
        symbols = split(smiles)
        for cut in range(1, len(symbols)):
            state = Prefix().extended(symbols[:cut])
            assert state is not None
            if parse("".join(symbols[:cut])) is not None:
                assert state.complete


def test_extending_leaves_the_old_state_alone() -> None:
    before = Prefix().extended(split("C1CC(N"))
    assert before is not None
    copy = before.copy()
    before.extended(split(")C1=O"))

    assert before == copy
