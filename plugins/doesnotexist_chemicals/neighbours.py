"""Molecules near a molecule: its relatives, which keep its scaffold, and ways to another one through them.

A relative has the same scaffold and other side chains.  Many are proposed at once, and of these relatives
are drawn, one after the other, with the probability that the network gives to each whole molecule (importance
resampling, Rubin 1987, without replacement), so that the first relatives of a molecule all differ.

A way leads from one molecule through its own relatives, each more like the other end than the last, then over
to those of the other: in the middle one scaffold gives way to another.  Everybody on a way is a relative.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from . import chemistry
from .drafts import Writer, draw
from .scaffold import dressed, scaffold

PROPOSALS, EACH = 40, 16  # molecules proposed at once, and relatives that come of them
NEAR_TIE = 1e-3  # nats; a float32 sum of log probabilities is right to 1e-4
GUIDES = 6  # relatives of either end that a way may lead through
SIDE = 3  # how many of them it uses, the most fitting
REMEMBERED = 512  # seeds, a few kilobytes each with their relatives

Numbers = npt.NDArray[np.float64]
K = TypeVar("K")
V = TypeVar("V")


class Key(NamedTuple):
    """Names a molecule of the model; `relative` 0 is the seed's own."""

    seed: int
    temperature: float
    relative: int = 0

    @property
    def own(self) -> Key:
        """The molecule that this one is a relative of."""
        return self._replace(relative=0)


@dataclass(frozen=True)
class Found:
    """A molecule, how many draws it took, and whether it is the one that was asked for."""

    smiles: str
    attempts: int
    found: bool = True


class Neighbourhood:
    """Finds molecules and those near them; what was found last is remembered."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._own: OrderedDict[Key, Found] = OrderedDict()
        self._pools: OrderedDict[tuple[Key, int], Pool] = OrderedDict()

    def molecules(self, keys: Iterable[Key]) -> list[Found]:
        """The molecule of each key, in order; the seeds' own are drawn in one batch.

        Where a molecule has no relative it is itself again, and `found` is False.
        """
        wanted = list(keys)
        missing = [key for key in dict.fromkeys(key.own for key in wanted) if key not in self._own]
        drafts = draw(self.writer, [(key.seed, key.temperature) for key in missing], chemistry.verdict)
        own = dict(self._own)
        for key, draft in zip(missing, drafts, strict=True):
            own[key] = _remember(self._own, key, Found(chemistry.canonical(draft.smiles), draft.attempts))
        return [self._relative(key, own[key.own]) if key.relative else own[key] for key in wanted]

    def way(self, start: Key, end: Key) -> list[str]:
        """SMILES from one molecule to another, both included; one alone if they are the same."""
        first, last = (found.smiles for found in self.molecules([start, end]))
        near = _toward(last, first, self._guides(start))
        far = _toward(first, last, self._guides(end))
        return list(dict.fromkeys([first, *near, *reversed(far), last]))

    def _guides(self, end: Key) -> list[str]:
        keys = [end._replace(relative=number) for number in range(1, GUIDES + 1)]
        return [found.smiles for found in self.molecules(keys)]

    def _relative(self, key: Key, own: Found) -> Found:
        number, rank = divmod(key.relative - 1, EACH)
        pool = self._pools.get((key.own, number))
        if pool is None:
            dice = np.random.RandomState([key.seed, number])
            pool = Pool.of(own.smiles, dice, key.temperature, self.writer)
            _remember(self._pools, (key.own, number), pool)
        return pool.relative(rank) or Found(own.smiles, own.attempts, found=False)


@dataclass
class Pool:
    """Relatives of one molecule: `waiting` in the order they are drawn in, `passed` through the door."""

    waiting: list[str]
    passed: list[Found] = field(default_factory=list)
    refused: int = 0

    @classmethod
    def of(cls, base: str, dice: np.random.RandomState, temperature: float, writer: Writer) -> Pool:
        """A pool for the molecule `base`."""
        proposed = [smiles for smiles in _proposals(base, dice) if writer.can_write(smiles)]
        # Sorted by score and such luck, each stands first with its probability: Gumbel 1954.
        luck = -np.log(-np.log(dice.random_sample(len(proposed))))
        totals = writer.log_likelihoods(proposed) / temperature + luck
        if (np.diff(np.sort(totals)) < NEAR_TIE).any():
            totals = writer.log_likelihoods(proposed, exact=True) / temperature + luck
        return cls([proposed[i] for i in np.argsort(-totals, kind="stable")])

    def relative(self, rank: int) -> Found | None:
        """The relative of this rank, from 0; from the first again where there are not so many."""
        while self.waiting and len(self.passed) <= rank:
            smiles = self.waiting.pop(0)
            if chemistry.verdict(smiles) is None:
                self.passed.append(Found(smiles, self.refused + 1))
                self.refused = 0
            else:
                self.refused += 1
        return self.passed[rank % len(self.passed)] if self.passed else None


def _proposals(base: str, dice: np.random.RandomState) -> list[str]:
    """Other molecules of the same scaffold, each once."""
    mol = chemistry.parse(base)
    kept = scaffold(mol) if mol is not None else ""
    if mol is None or not kept:
        return []
    drawn = dict.fromkeys(dressed(mol, dice) for _ in range(PROPOSALS))
    return [s for s in drawn if s and s != base and _has(s, kept)]


def _has(smiles: str, kept: str) -> bool:
    mol = chemistry.parse(smiles)
    return mol is not None and scaffold(mol) == kept


def _remember(table: OrderedDict[K, V], key: K, value: V) -> V:
    table[key] = value
    if len(table) > REMEMBERED:
        table.popitem(last=False)
    return value


def _toward(target: str, start: str, candidates: Iterable[str]) -> list[str]:
    """Of the candidates the few most like the target, from less to more, all of them more than the start."""
    likeness = {smiles: chemistry.likeness(smiles, target) for smiles in (start, *candidates)}
    closer = [smiles for smiles in likeness if likeness[smiles] > likeness[start]]
    return sorted(closer, key=lambda smiles: (likeness[smiles], smiles))[-SIDE:]
