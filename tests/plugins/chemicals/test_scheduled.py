"""The door for controlled substances; no structure of one is written here."""

from __future__ import annotations

import re
from importlib import resources

from doesnotexist_chemicals import chemistry, scheduled


def test_the_table_holds_first_blocks_and_no_structures() -> None:
    blocks = scheduled._blocks()

    assert len(blocks) == 537
    assert all(re.fullmatch("[A-Z]{14}", block) for block in blocks)


def test_fingerprints_are_of_2048_bits() -> None:
    table = scheduled._fingerprints()

    assert table.shape == (522, scheduled.BITS // 8)
    assert table.any(axis=1).all()


def test_a_listed_block_is_blocked_whatever_the_stereochemistry() -> None:
    block = sorted(scheduled._blocks())[0]

    assert scheduled.is_listed(f"{block}-UHFFFAOYSA-N")
    assert scheduled.is_listed(f"{block}-ABCDEFGHSA-N")
    assert not scheduled.is_listed("BSYNRYMUTXBXSQ-UHFFFAOYSA-N")


def test_look_alikes_are_measured_by_tanimoto() -> None:
    mol = chemistry.parse("CC1C2CCC(C2)C1CN(CCO)C(=O)c1ccc(Cl)cc1")
    assert mol is not None

    assert 0.0 < scheduled.likeness(mol) < scheduled.ALIKE
    assert not scheduled.is_blocked(mol, chemistry.inchikey(mol))


def test_a_listed_fingerprint_is_its_own_look_alike() -> None:
    """The table's layout is that of the fingerprints it is compared with."""
    table = scheduled._fingerprints()
    shared = (table & table[3]).sum(axis=1)

    assert shared.argmax() == 3 or (table[shared.argmax()] == table[3]).all()


def test_moses_entries_to_drop_are_named_by_digest() -> None:
    table = resources.files("doesnotexist_chemicals") / "data" / "scheduled_in_moses.txt"
    lines = [line for line in table.read_text("ascii").splitlines() if not line.startswith("#")]

    assert len(lines) == 25
    assert all(re.fullmatch("[0-9a-f]{16}", line) for line in lines)
