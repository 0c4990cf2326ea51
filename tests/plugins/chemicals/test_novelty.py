"""The filter never misses a known molecule and seldom claims a new one."""

from __future__ import annotations

import pytest

from doesnotexist_chemicals import novelty
from doesnotexist_chemicals.novelty import KnownMolecules


def key(number: int) -> str:
    """A made-up InChIKey."""
    letters = "".join(chr(65 + number // 26**place % 26) for place in range(14))
    return f"{letters}-UHFFFAOYSA-N"


@pytest.fixture(scope="module")
def known() -> KnownMolecules:
    return KnownMolecules.build(key(number) for number in range(5_000))


def test_a_known_molecule_is_never_missed(known: KnownMolecules) -> None:
    assert all(key(number) in known for number in range(5_000))


def test_other_stereoisomers_count_as_known(known: KnownMolecules) -> None:
    assert f"{key(7)[:14]}-ABCDEFGHSA-N" in known


def test_false_alarms_are_about_one_in_a_thousand(known: KnownMolecules) -> None:
    alarms = sum(key(number) in known for number in range(10_000, 40_000))

    assert alarms < 30_000 * 0.002


def test_size_is_as_stated(known: KnownMolecules) -> None:
    assert known.bits.size == pytest.approx(5_000 * novelty.BITS_PER_KEY / 8, rel=0.01)


def test_the_claim_says_no_more_than_is_known() -> None:
    if novelty.moses() is None:
        pytest.skip("this build comes without the filter")

    assert novelty.claim(key(1)) == "not among the 1,936,962 molecules the model was shown or tested on"
    # a line of the train split: CCCS(=O)c1ccc2[nH]c(=NC(=O)OC)[nH]c2c1
    assert novelty.claim("VXTGHWHFYNYFFV-UHFFFAOYSA-N") == (
        "probably among the 1,936,962 molecules the model was shown or tested on"
    )
