"""Symbols, merges, and the guard that lies in what cannot be written."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from doesnotexist.errors import InvalidParameter, WeightsInvalid
from doesnotexist_chemicals.tokens import END, SYMBOLS, Vocabulary, split


def test_the_table_holds_no_phosphorus_no_arsenic_and_no_charge() -> None:
    """Organophosphorus, arsenical and quaternary agents cannot be written with it."""
    atoms = {symbol for symbol in SYMBOLS if symbol[0].isalpha() or symbol[0] == "["}

    assert atoms == {"C", "N", "O", "S", "F", "Cl", "Br", "c", "n", "o", "s", "[nH]", "[H]"}
    assert not any(sign in symbol for symbol in SYMBOLS for sign in ("P", "p", "As", "+", "@", "."))


@pytest.mark.parametrize(
    "smiles", ["CP(C)C", "C[N+](C)(C)C", "C[As](C)C", "CI", "C.C", "C[C@H](F)Cl", "C%10", "Ç"]
)
def test_other_symbols_are_refused(smiles: str) -> None:
    with pytest.raises(InvalidParameter, match="smiles"):
        split(smiles)


def test_no_merge_can_bring_a_new_symbol(vocabulary: Vocabulary) -> None:
    assert {symbol for symbols in vocabulary.symbols for symbol in symbols} <= set(SYMBOLS)


def test_decoding_undoes_encoding(vocabulary: Vocabulary, molecules: list[str]) -> None:
    flat, starts = vocabulary.encode(molecules)
    decoded = [vocabulary.decode(flat[a:b].tolist()) for a, b in itertools.pairwise(starts)]

    assert decoded == molecules
    assert np.count_nonzero(flat == END) == len(molecules)
    assert len(flat) < sum(map(len, molecules)) / 2


def test_overlapping_pairs_merge_from_the_left() -> None:
    carbon = 1 + SYMBOLS.index("C")
    flat, _ = Vocabulary(((carbon, carbon),)).encode(["CCCCC", "CCC"])

    new = len(SYMBOLS) + 1
    assert flat.tolist() == [new, new, carbon, END, new, carbon, END]


def test_learning_stops_when_nothing_repeats() -> None:
    assert len(Vocabulary.learn(["CN"], size=100)) == len(SYMBOLS) + 1


@pytest.mark.parametrize("merges", [((0, 1),), ((1, 99),), ((1, 25),), ((1, 2), (26, 27))])
def test_merges_of_unknown_tokens_are_refused(merges: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(WeightsInvalid, match="joins no earlier"):
        Vocabulary(merges)
