"""Shapes in space: the same every time, and none where there is none."""

from __future__ import annotations

import pytest

from doesnotexist_chemicals import chemistry, shape
from doesnotexist_chemicals.molecule import Molecule

PLAIN = "CC1C2CCC(C2)C1CN(CCO)C(=O)c1ccc(Br)cc1"
STRAINED = "C1=CC#CC=C1CCCCOCC"  # a triple bond in a ring of six
TWISTED = "CC1=C2CCC(C1)C2"  # a double bond at a bridgehead of a small ring: Bredt 1924


def test_a_shape_is_the_same_every_time() -> None:
    from rdkit import Chem

    first, second = (shape.conformer(chemistry.parse(PLAIN)) for _ in range(2))
    assert first is not None
    assert Chem.MolToMolBlock(first) == Chem.MolToMolBlock(second)


def test_bonds_have_the_lengths_of_bonds() -> None:
    mol = shape.conformer(chemistry.parse(PLAIN))
    assert mol is not None
    places = mol.GetConformer()
    for bond in mol.GetBonds():
        ends = (places.GetAtomPosition(i) for i in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
        assert 0.9 < next(ends).Distance(next(ends)) < 1.9  # ångström


@pytest.mark.parametrize("smiles", [STRAINED, TWISTED])
def test_what_has_no_shape_is_not_shown(smiles: str) -> None:
    mol = chemistry.parse(smiles)
    assert mol is not None
    assert not shape.possible(mol)
    assert chemistry.refusal(mol) is not None
    with pytest.raises(chemistry.BadSample, match="no shape"):
        Molecule(smiles).encode("sdf", None)


def test_it_is_the_last_reason_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "possible", lambda mol: False)

    assert chemistry.verdict(PLAIN) == "no shape in space"
    assert chemistry.verdict("CCO") == "fragment"
