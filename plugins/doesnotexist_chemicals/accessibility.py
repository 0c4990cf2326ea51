"""Synthetic accessibility, 1 (easy to make) to 10 (hard): Ertl and Schuffenhauer 2009,
doi:10.1186/1758-2946-1-8, as RDKit's contributed module computes it.

That module reads its 705,292 fragment scores from a pickle, which takes half a second.  Here they are a
sorted table of the same numbers (RDKit Contrib, BSD 3-clause).  A molecule looks up a few dozen of them:
the table is mapped into memory, which all processes share, and never read as a whole.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rdkit.Chem import Mol


@dataclass(frozen=True)
class FragmentScores:
    """Fragment by hash: `keys` (N,) uint32 rising, `rows` (N,) uint16 into `scores` (M,) float64."""

    keys: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.uint16]
    scores: npt.NDArray[np.float64]

    @classmethod
    def build(cls, scores: Mapping[int, float]) -> FragmentScores:
        """The table of these scores."""
        keys = np.array(sorted(scores), np.uint32)
        values, rows = np.unique([scores[int(key)] for key in keys], return_inverse=True)
        return cls(keys, rows.astype(np.uint16), values)

    @classmethod
    def read(cls, folder: Path) -> FragmentScores:
        """From a folder with a file of each array."""
        return cls(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("keys", "rows", "scores")))

    def get(self, key: int, default: float) -> float:
        """As of a dictionary."""
        at = int(np.searchsorted(self.keys, np.uint32(key)))
        known = at < len(self.keys) and self.keys[at] == key
        return float(self.scores[self.rows[at]]) if known else default


@cache
def fragment_scores() -> FragmentScores:
    """The bundled table."""
    return FragmentScores.read(Path(__file__).parent / "data" / "sa_fragments")


@cache
def _scorer() -> ModuleType:
    """RDKit's module; its wheel carries the file outside the package."""
    from rdkit import RDConfig

    path = Path(RDConfig.RDContribDir) / "SA_Score" / "sascorer.py"
    spec = importlib.util.spec_from_file_location("doesnotexist_chemicals._sascorer", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module._fscores = fragment_scores()  # type: ignore[attr-defined]
    return module


def synthetic_accessibility(mol: Mol) -> float:
    """The score, 1 to 10."""
    return float(_scorer().calculateScore(mol))
