"""SMILES as a sequence of tokens: atoms first, then byte-pair merges learned over them.

SMILES: Weininger 1988, doi:10.1021/ci00057a005.  Merges: Sennrich et al. 2016, arXiv:1508.07909, section 3.2.
With about 500 merges a drug-like molecule takes 8 tokens instead of 35.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from doesnotexist.errors import InvalidParameter, WeightsInvalid

Ids = npt.NDArray[np.uint16]

# The first and strongest guard against hazardous output: what is not in this table cannot be written.
# There is no phosphorus, no arsenic and no charged atom here, and a test keeps it so.
SYMBOLS: tuple[str, ...] = (
    *("C", "N", "O", "S", "F", "Cl", "Br", "c", "n", "o", "s", "[nH]", "[H]"),
    *("(", ")", "=", "#", "-", "1", "2", "3", "4", "5", "6"),
)
END = 0  # opens and closes every molecule; symbols follow from 1, merges after the symbols

_SYMBOL = re.compile(r"\[nH\]|\[H\]|Cl|Br|[CNOSFcnos()=#\-1-6]")
_INDEX = {symbol: index for index, symbol in enumerate(SYMBOLS, start=1)}


def writable(smiles: str) -> bool:
    """Whether it holds no symbol outside the table."""
    return sum(map(len, _SYMBOL.findall(smiles))) == len(smiles)


def split(smiles: str) -> list[str]:
    """The symbols of a SMILES string; InvalidParameter when it holds one outside the table."""
    if not writable(smiles):
        raise InvalidParameter("smiles", f"only the symbols {' '.join(SYMBOLS)}", smiles)
    return _SYMBOL.findall(smiles)


@dataclass(frozen=True)
class Vocabulary:
    """Merges in the order they were learned; each joins two earlier token ids into the next free id."""

    merges: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        for new, pair in enumerate(self.merges, start=len(SYMBOLS) + 1):
            if len(pair) != 2 or not all(END < token < new for token in pair):
                raise WeightsInvalid("vocabulary", f"merge {pair} of token {new} joins no earlier tokens")

    def __len__(self) -> int:
        return 1 + len(SYMBOLS) + len(self.merges)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The SMILES fragment each token id stands for; the end mark stands for nothing."""
        texts = ["", *SYMBOLS]
        for left, right in self.merges:
            texts.append(texts[left] + texts[right])
        return tuple(texts)

    @cached_property
    def symbols(self) -> tuple[tuple[str, ...], ...]:
        """As `texts`, split into symbols."""
        return tuple(tuple(split(text)) for text in self.texts)

    def encode(self, molecules: Iterable[str]) -> tuple[Ids, npt.NDArray[np.int64]]:
        """All molecules in one run of ids, END after each, and where each one starts, and the last ends."""
        flat = _flatten(molecules)
        for new, pair in enumerate(self.merges, start=len(SYMBOLS) + 1):
            flat = _merge(flat, pair, new)
        return flat, np.concatenate([[0], np.flatnonzero(flat == END) + 1])

    def decode(self, ids: Sequence[int]) -> str:
        """The SMILES of token ids, up to the first END."""
        ids = list(ids)
        return "".join(self.texts[token] for token in (ids[: ids.index(END)] if END in ids else ids))

    @classmethod
    def learn(cls, molecules: Iterable[str], size: int = 517) -> Vocabulary:
        """Join the most frequent neighbours, again and again, until there are `size` tokens."""
        flat, merges = _flatten(molecules), []
        for new in range(len(SYMBOLS) + 1, size):
            pair = _commonest_pair(flat, new)
            if pair is None:
                break
            merges.append(pair)
            flat = _merge(flat, pair, new)
        return cls(tuple(merges))


def _flatten(molecules: Iterable[str]) -> Ids:
    return np.fromiter(
        (index for smiles in molecules for index in (*map(_INDEX.__getitem__, split(smiles)), END)), np.uint16
    )


def _commonest_pair(flat: Ids, tokens: int) -> tuple[int, int] | None:
    """The most frequent pair inside molecules, the lower ids at a tie; None when no pair comes twice."""
    left, right = flat[:-1].astype(np.int64), flat[1:]
    inside = (left != END) & (right != END)
    counts = np.bincount((left * tokens + right)[inside], minlength=1)
    best = int(counts.argmax())
    return divmod(best, tokens) if counts[best] > 1 else None


def _merge(flat: Ids, pair: tuple[int, int], new: int) -> Ids:
    """Replace every occurrence of the pair, left to right, by the new token."""
    at = np.flatnonzero((flat[:-1] == pair[0]) & (flat[1:] == pair[1]))
    if pair[0] == pair[1] and at.size:
        # In a run such as CCCC the pairs overlap: only every second one, from the run's start, is a merge.
        run_start = np.concatenate([[True], np.diff(at) != 1])
        first = np.maximum.accumulate(np.where(run_start, at, 0))
        at = at[(at - first) % 2 == 0]
    flat = flat.copy()
    flat[at] = new
    return np.delete(flat, at + 1)
