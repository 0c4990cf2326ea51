"""Drawings: safe, small, themed, and the same every time."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from doesnotexist_chemicals import drawing
from doesnotexist_chemicals.chemistry import parse

SMILES = "Cc1nc(S(=O)(=O)N2CCC(c3nnc(-c4cccc(Br)c4F)o3)CC2)c[nH]1"


@pytest.fixture(scope="module")
def mol() -> Any:
    return parse(SMILES)


def tags(svg: str) -> set[str]:
    return {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}  # noqa: S314


def test_nothing_in_it_can_run(mol: Any) -> None:
    svg = drawing.svg(mol, "a <script>alert(1)</script> & title")

    assert tags(svg) == {"svg", "title", "style", "g", "path"}
    assert "<script" not in svg
    assert not re.search(r"href|url\(|\bon\w+=", svg)


def test_every_atom_and_bond_can_be_found(mol: Any) -> None:
    svg = drawing.svg(mol, "molecule")

    assert {int(n) for n in re.findall(r"\bbond-(\d+)", svg)} == set(range(mol.GetNumBonds()))
    assert {int(n) for n in re.findall(r"\batom-(\d+)", svg)} == set(range(mol.GetNumAtoms()))


def test_colours_follow_the_element_and_the_scheme(mol: Any) -> None:
    svg = drawing.svg(mol, "molecule")

    for symbol in ("C", "N", "O", "S", "F", "Br"):
        assert f'el-{symbol}" color="{drawing.INK[symbol][0]}"' in svg
    assert "prefers-color-scheme:dark" in svg
    assert "<rect" not in svg


def test_contrast_is_enough_in_both_schemes() -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 for text."""

    def luminance(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for day, night in drawing.INK.values():
        assert 1.05 / (luminance(day) + 0.05) >= 4.5
        assert (luminance(night) + 0.05) / (luminance("#101418") + 0.05) >= 4.5


def test_width_is_the_width(mol: Any) -> None:
    assert 'width="320" height="240" viewBox="0 0 600 450"' in drawing.svg(mol, "m", 320)


def test_it_is_small_and_the_same_every_time(mol: Any) -> None:
    assert drawing.svg(mol, "m") == drawing.svg(parse(SMILES), "m")
    assert len(drawing.svg(mol, "m")) < 20_000


def test_bonds_have_one_length_in_every_drawing() -> None:
    for smiles in ("CC(C)Cc1ccccc1", "Oc1ccc(C2CCNCC2)cc1"):
        first = re.search(r'd="M ([\d.]+),([\d.]+) L ([\d.]+),([\d.]+)"', drawing.svg(parse(smiles), "m"))
        assert first is not None
        x0, y0, x1, y1 = map(float, first.groups())
        assert ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 <= drawing.BOND + 1


def test_the_png_carries_its_smiles(mol: Any) -> None:
    from rdkit import Chem

    png = drawing.png(mol, 240)
    again = Chem.MolFromPNGString(png)

    assert png.startswith(b"\x89PNG")
    assert Chem.MolToSmiles(again) == SMILES
    assert int.from_bytes(png[16:20]) == 240


def test_the_png_holds_its_smiles_and_nothing_pickled(mol: Any) -> None:
    from rdkit import Chem

    png = drawing.png(mol, 240)
    words = re.findall(rb"(?:tEXt|zTXt|iTXt)(\w+)", png)

    assert words == [b"SMILES"]  # and no rdkitPKL, which RDKit's canvas writes unless told otherwise
    assert dict(Chem.MetadataFromPNGString(png)).keys() == {"SMILES rdkit " + Chem.rdBase.rdkitVersion}


def test_the_print_drawing_is_black_whatever_the_scheme(mol: Any) -> None:
    svg = drawing.print_svg(mol, "molecule")

    assert tags(svg) == {"svg", "title", "g", "path"}
    assert set(re.findall(r'color="(#\w+)"', svg)) == {drawing.INK["C"][0]}


def test_the_print_drawing_has_the_size_of_the_journal_or_any_other(mol: Any) -> None:
    assert re.search(r'width="\d+pt"', drawing.print_svg(mol, "molecule"))
    assert 'width="640"' in drawing.print_svg(mol, "molecule", 640)
