"""The sample: facts and formats."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from doesnotexist.errors import BadSample, InvalidParameter
from doesnotexist_chemicals.chemistry import inchikey
from doesnotexist_chemicals.molecule import FORMATS, NOTICE, Molecule

SMILES = "CC1C2CCC(C2)C1CN(CCO)C(=O)c1ccc(Cl)cc1"


@pytest.fixture(scope="module")
def molecule() -> Molecule:
    return Molecule(SMILES, attempts=2)


def test_facts_are_json_and_say_where_they_stand(molecule: Molecule) -> None:
    facts = json.loads(json.dumps(molecule.facts(), allow_nan=False))

    assert facts["smiles"] == SMILES
    assert facts["formula"] == "C18H24ClNO2"
    assert facts["attempts"] == 2
    assert facts["notice"] == NOTICE
    assert "made" in NOTICE


def test_facts_are_the_callers_own(molecule: Molecule) -> None:
    molecule.facts()["formula"] = "?"

    assert molecule.facts()["formula"] == "C18H24ClNO2"


def test_smiles_is_the_line_without_its_end(molecule: Molecule) -> None:
    assert molecule.encode("smi", None) == SMILES.encode()


def test_pictures(molecule: Molecule) -> None:
    title = ElementTree.fromstring(molecule.encode("svg", 300))[0].text  # noqa: S314

    assert title == f"C18H24ClNO2, {SMILES}"
    assert molecule.encode("png", 64).startswith(b"\x89PNG")


def test_a_structure_file_is_flat_and_reads_back(molecule: Molecule) -> None:
    from rdkit import Chem

    again = Chem.MolFromMolBlock(molecule.encode("mol", None).decode())

    assert Chem.MolToSmiles(again) == SMILES
    assert all(again.GetConformer().GetAtomPosition(i).z == 0 for i in range(again.GetNumAtoms()))


def test_an_sd_file_stands_in_space_with_hydrogens(molecule: Molecule) -> None:
    from rdkit import Chem

    supplier = Chem.SDMolSupplier()
    supplier.SetData(molecule.encode("sdf", None).decode(), removeHs=False)
    (mol,) = list(supplier)

    assert mol.GetNumAtoms() == 46
    assert mol.GetConformer().Is3D()
    assert mol.GetProp("formula") == "C18H24ClNO2"
    assert mol.GetProp("_Name") == inchikey(molecule.mol)
    assert "one of its isomers" in mol.GetProp("stereo")


@pytest.mark.parametrize("format", FORMATS)
def test_equal_molecules_are_equal_bytes(molecule: Molecule, format: str) -> None:
    assert molecule.encode(format, None) == Molecule(SMILES, attempts=2).encode(format, None)


def test_other_formats_are_refused(molecule: Molecule) -> None:
    with pytest.raises(InvalidParameter, match="format"):
        molecule.encode("exe", None)


def test_no_molecule_is_an_error() -> None:
    with pytest.raises(BadSample):
        Molecule("C1CC").facts()
