"""The door for controlled substances: exact matches by connectivity, look-alikes by fingerprint.

The tables hold no structures: first blocks of InChIKeys (connectivity, a hash) and 2048-bit fingerprints.
They come from the US DEA schedules I to V and a list of phenethylamines as `medchem` 2.1.1 carries them
(Apache-2.0, from Global-Chem), and one substance of Schedule 2 of the Chemical Weapons Convention.  Laws name
whole families and change: no list is complete, which is why look-alikes are refused too.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rdkit.Chem import Mol
    from rdkit.DataStructs import ExplicitBitVect

ALIKE = 0.45  # Tanimoto; of 5,000 molecules of the MOSES test set 0.4 % are this near to a listed one
BITS, RADIUS = 2048, 2  # extended-connectivity fingerprint of diameter 4: Rogers and Hahn 2010


@cache
def _blocks() -> frozenset[str]:
    lines = (resources.files(__package__) / "data" / "scheduled.txt").read_text("ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


@cache
def _fingerprints() -> npt.NDArray[np.uint8]:  # (substances, 256)
    content = (resources.files(__package__) / "data" / "scheduled_fingerprints.npy").read_bytes()
    table: npt.NDArray[np.uint8] = np.load(BytesIO(content), allow_pickle=False)
    return table


def is_listed(inchikey: str) -> bool:
    """Whether this InChIKey is that of a listed substance, whatever its stereochemistry."""
    return inchikey[:14] in _blocks()


def fingerprint(mol: Mol) -> ExplicitBitVect:
    """The fingerprint by which molecules are alike."""
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)
    found: ExplicitBitVect = generator.GetFingerprint(mol)
    return found


def likeness(mol: Mol) -> float:
    """The largest Tanimoto similarity, 0 to 1, to a listed substance."""
    from rdkit.DataStructs import BitVectToBinaryText

    bits = np.frombuffer(BitVectToBinaryText(fingerprint(mol)), np.uint8)
    table = _fingerprints()
    shared = np.bitwise_count(table & bits).sum(axis=1, dtype=np.int64)
    either = np.bitwise_count(table | bits).sum(axis=1, dtype=np.int64)
    return float((shared / either).max())


def is_blocked(mol: Mol, inchikey: str) -> bool:
    """Whether this molecule must not be shown."""
    return is_listed(inchikey) or likeness(mol) >= ALIKE
