"""The shape of a molecule in space: distance geometry with knowledge of torsions (ETKDG version 3, Wang et
al. 2020, doi:10.1021/acs.jcim.0c00025), relaxed in the force field MMFF94 (Halgren 1996).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdkit.Chem import Mol

SEED = 7  # the same molecule has the same shape, whatever seed it was drawn from
TRIES = 20  # of placing the atoms: a limit in tries, not in seconds, is the same on every machine
HANGING_S = 10  # and one in seconds, far beyond what any molecule here takes: a worker must not hang
RELAXING = 500  # steps


def possible(mol: Mol) -> bool:
    """Whether its atoms find places, with knowledge of flat and straight groups but not of torsions.

    It takes less than two thirds of a shape's time and refuses the same: of the 296 molecules with bridged or
    crowded rings among 15,821 drawn ones three more were possible, each with a ring too large to be shown.
    """
    from rdkit.Chem import rdDistGeom

    return _placed(mol, rdDistGeom.KDG()) is not None


def conformer(mol: Mol) -> Mol | None:
    """A copy with hydrogens in one relaxed shape; None where no place for all atoms is found."""
    from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

    full = _placed(mol, rdDistGeom.ETKDGv3())
    if full is not None:
        rdForceFieldHelpers.MMFFOptimizeMolecule(full, maxIters=RELAXING)
    return full


def _placed(mol: Mol, parameters: Any) -> Mol | None:
    from rdkit import Chem
    from rdkit.Chem import rdDistGeom

    full = Chem.AddHs(mol)
    parameters.randomSeed, parameters.maxIterations, parameters.timeout = SEED, TRIES, HANGING_S
    return full if rdDistGeom.EmbedMolecule(full, parameters) >= 0 else None
