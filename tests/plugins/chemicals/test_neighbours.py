"""Relatives keep the scaffold, ways go step by step, and company changes neither."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from doesnotexist_chemicals import chemistry, neighbours
from doesnotexist_chemicals.chemistry import parse, verdict
from doesnotexist_chemicals.neighbours import Key, Neighbourhood, Pool
from doesnotexist_chemicals.sampling import MoleculeSampler
from doesnotexist_chemicals.scaffold import scaffold


@pytest.fixture
def near(sampler: MoleculeSampler) -> Neighbourhood:
    return Neighbourhood(sampler)


def scaffold_of(smiles: str) -> str:
    mol = parse(smiles)
    assert mol is not None
    return scaffold(mol)


def test_relatives_keep_the_scaffold_and_differ(near: Neighbourhood) -> None:
    different = []
    for seed in range(5):  # a crowded scaffold may have few relatives, which then come round again
        own, *relatives = near.molecules(Key(seed, 1.0, number) for number in range(9))
        different.append(len({own.smiles, *(found.smiles for found in relatives)}))

        assert {scaffold_of(found.smiles) for found in relatives} == {scaffold_of(own.smiles)}
        assert all(verdict(found.smiles) is None for found in relatives)
    assert sorted(different)[2:] == [9, 9, 9]


def test_order_and_company_change_nothing(near: Neighbourhood, sampler: MoleculeSampler) -> None:
    keys = [Key(2, 1.0, 5), Key(1, 1.0), Key(2, 1.0, 1), Key(4, 0.7, 2), Key(2, 0.7, 5)]
    together = near.molecules(keys)

    for key, found in zip(keys, together, strict=True):
        assert Neighbourhood(sampler).molecules([key]) == [found]


def test_a_way_leads_from_one_to_the_other_through_relatives(near: Neighbourhood) -> None:
    start, end = (found.smiles for found in near.molecules([Key(11, 1.0), Key(12, 1.0)]))
    way = near.way(Key(11, 1.0), Key(12, 1.0))
    scaffolds = [scaffold_of(smiles) for smiles in way]

    assert (way[0], way[-1]) == (start, end)
    assert 3 <= len(way) <= 2 + 2 * neighbours.SIDE
    assert set(scaffolds) == {scaffold_of(start), scaffold_of(end)}
    assert sum(a != b for a, b in itertools.pairwise(scaffolds)) == 1
    assert all(verdict(smiles) is None for smiles in way)
    crossing = scaffolds.index(scaffold_of(end))
    rising = [chemistry.likeness(smiles, end) for smiles in way[:crossing]]
    assert rising == sorted(rising)


def test_there_is_no_way_from_a_molecule_to_itself(near: Neighbourhood) -> None:
    assert len(near.way(Key(11, 1.0), Key(11, 1.0))) == 1


def test_a_molecule_without_rings_is_its_own_only_relative(
    near: Neighbourhood, sampler: MoleculeSampler
) -> None:
    assert Pool.of("CCCCOC(=O)CCCCC", np.random.RandomState(0), 1.0, sampler).relative(0) is None


def test_what_the_door_refuses_is_no_relative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chemistry, "verdict", lambda smiles: None if "F" in smiles else "no")
    pool = Pool(["c1ccccc1", "Fc1ccccc1", "Clc1ccccc1", "FCc1ccccc1"])

    assert [pool.relative(rank) for rank in (1, 0, 2)] == [
        neighbours.Found("FCc1ccccc1", 2),
        neighbours.Found("Fc1ccccc1", 2),
        neighbours.Found("Fc1ccccc1", 2),
    ]


def test_near_ties_are_decided_in_float64(
    near: Neighbourhood, sampler: MoleculeSampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores with other last bits draw the same relatives: what another processor would compute."""
    expected = near.molecules(Key(seed, 1.0, 3) for seed in range(6))
    score = sampler.log_likelihoods

    def noisy(molecules: list[str], *, exact: bool = False) -> object:
        return score(molecules, exact=exact) + (0 if exact else 1e-4)

    monkeypatch.setattr(sampler, "log_likelihoods", noisy)
    monkeypatch.setattr(neighbours, "NEAR_TIE", 1e9)  # every one is decided anew

    assert Neighbourhood(sampler).molecules(Key(seed, 1.0, 3) for seed in range(6)) == expected
