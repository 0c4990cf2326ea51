"""What relatives keep, and what may change."""

from __future__ import annotations

import numpy as np
import pytest

from doesnotexist_chemicals import scaffold
from doesnotexist_chemicals.chemistry import parse

MOLECULES = [
    "CC1C2CCC(C2)C1CN(CCO)C(=O)c1ccc(Cl)cc1",
    "CCCCC(=O)N1CCN(S(=O)(=O)c2cccc(F)c2)CC1",
    "Cc1ccc(S(=O)(=O)NCc2c(C)nn(-c3ccccc3)c2C)cc1",
    "Cc1cc2nc(C(C)O)[nH]c2cc1Nc1ncccc1F",
    "CC(C)C(Nc1c(F)cc(F)cc1Br)C(N)=O",
]


@pytest.mark.parametrize("smiles", MOLECULES)
def test_the_atoms_kept_are_those_of_rdkits_scaffold(smiles: str) -> None:
    from rdkit import Chem

    mol = parse(smiles)
    assert mol is not None
    bare, _ = scaffold._bare(mol)

    assert Chem.MolToSmiles(bare) == scaffold.scaffold(mol)


@pytest.mark.parametrize("smiles", MOLECULES)
def test_other_side_chains_keep_the_scaffold(smiles: str) -> None:
    mol, dice = parse(smiles), np.random.RandomState(0)
    assert mol is not None
    found = {scaffold.dressed(mol, dice) for _ in range(30)} - {None}

    assert len(found) > 10
    for other in found:
        drawn = parse(other or "")
        assert drawn is not None
        assert scaffold.scaffold(drawn) == scaffold.scaffold(mol)


def test_side_chains_begin_at_their_bond() -> None:
    mol = parse("COc1ccc(C(F)(F)F)cc1")
    assert mol is not None

    assert sorted(chain for _, chain in scaffold.side_chains(mol)) == ["*C(F)(F)F", "*OC"]


def test_the_bundled_side_chains_are_chains() -> None:
    chains, shares = scaffold.table()

    assert len(chains) == len(set(chains)) == 80
    assert shares[-1] == pytest.approx(1)
    assert (np.diff(shares) > 0).all()
    for chain in chains:
        mol = parse(chain)
        assert mol is not None
        assert mol.GetRingInfo().NumRings() == 0
        assert sum(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()) == 1
