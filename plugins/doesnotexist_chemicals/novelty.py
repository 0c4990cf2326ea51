"""Whether a molecule is among the 1,936,962 of MOSES: a Bloom filter over InChIKey first blocks.

Bloom 1970, doi:10.1145/362686.362692; two hashes stand for all: Kirsch and Mitzenmacher 2008,
doi:10.1002/rsa.20208.  It never misses a known molecule, so "not among them" is exact; about one new molecule
in a thousand is called known by mistake.  The first block names connectivity alone, so other stereoisomers
count as known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

MOSES = 1_936_962  # molecules of the train, test and scaffold-test splits
SHOWN = "the model was shown or tested on"
NOT_SHOWN = "of the MOSES data set, which this model has not seen: it learned from others"
HASHES = 10
BITS_PER_KEY = 14.4  # with ten hashes one false alarm in a thousand


@dataclass(frozen=True)
class KnownMolecules:
    """The filter: `bits` (bytes,) uint8, eight positions a byte."""

    bits: npt.NDArray[np.uint8]

    @classmethod
    def build(cls, inchikeys: Iterable[str]) -> KnownMolecules:
        """A filter sized for these keys."""
        blocks = {key[:14] for key in inchikeys}
        bits = np.zeros(int(len(blocks) * BITS_PER_KEY) // 8 + 1, np.uint8)
        for block in blocks:
            at = _positions(block, bits.size * 8)
            np.bitwise_or.at(bits, at >> 3, (1 << (at & 7)).astype(np.uint8))
        return cls(bits)

    def __contains__(self, inchikey: str) -> bool:
        at = _positions(inchikey[:14], self.bits.size * 8)
        return bool(np.all(self.bits[at >> 3] >> (at & 7).astype(np.uint8) & 1))


def _positions(block: str, size: int) -> npt.NDArray[np.int64]:  # (HASHES,)
    digest = hashlib.blake2b(block.encode("ascii"), digest_size=16).digest()
    first, second = int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little") | 1
    return np.array([(first + i * second) % size for i in range(HASHES)], np.int64)


@cache
def moses() -> KnownMolecules | None:
    """The bundled filter over MOSES; None in a build that comes without it."""
    table = Path(__file__).parent / "data" / "moses.bloom"
    return KnownMolecules(np.memmap(table, np.uint8, "r")) if table.is_file() else None


def is_known(inchikey: str) -> bool:
    """Whether it is, or may be by mistake, one of the molecules of MOSES, and so does exist."""
    known = moses()
    return known is not None and inchikey in known


def claim(inchikey: str, shown: str = SHOWN) -> str | None:
    """What may be said of this molecule's newness; None where the filter is not bundled.

    `shown` names the 1,936,962 molecules by what they are to the model.
    """
    if moses() is None:
        return None
    among = "probably" if is_known(inchikey) else "not"
    return f"{among} among the {MOSES:,} molecules {shown}"
