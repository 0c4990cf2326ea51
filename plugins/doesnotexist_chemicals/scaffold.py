"""The part of a molecule that its relatives keep, and other side chains on it.

Scaffold: Bemis and Murcko 1996, doi:10.1021/jm9602928, as RDKit cuts it: rings, what links them, and atoms on
double bonds to either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rdkit.Chem import Mol

KEEP = 0.5  # probability that a relative keeps one of the side chains


def scaffold(mol: Mol) -> str:
    """The Murcko scaffold as SMILES; empty for a molecule without rings."""
    from rdkit import Chem

    return str(Chem.MolToSmiles(Chem.MurckoDecompose(mol)))


def side_chains(mol: Mol) -> Iterator[tuple[int, str]]:
    """Atom of the scaffold and the side chain on it, as SMILES that begins at the bond: `*OC`."""
    from rdkit import Chem

    kept = _kept(mol)
    for bond in mol.GetBonds():
        inner, outer = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if (inner in kept) == (outer in kept):
            continue
        inner, outer = (inner, outer) if inner in kept else (outer, inner)
        cut = Chem.FragmentOnBonds(mol, [bond.GetIdx()], dummyLabels=[(0, 0)])
        parts = Chem.GetMolFrags(cut)
        chain = next(part for part in parts if outer in part)
        yield inner, str(Chem.MolFragmentToSmiles(cut, chain))


@cache
def table() -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """The bundled side chains, and their shares summed up to 1."""
    text = (resources.files(__package__) / "data" / "side_chains.txt").read_text("ascii")
    rows = [line.split() for line in text.splitlines() if not line.startswith("#")]
    counts = np.array([int(count) for _, count in rows], np.float64)
    return tuple(chain for chain, _ in rows), counts.cumsum() / counts.sum()


def dressed(mol: Mol, dice: np.random.RandomState) -> str | None:
    """SMILES of the scaffold with side chains drawn anew, None where they do not fit.

    Each side chain stays with probability KEEP; as many, one fewer or one more are on it afterwards.
    """
    own = list(side_chains(mol))
    stay = [chain for chain in own if dice.random_sample() < KEEP]
    count = max(1, len(own) + int(dice.randint(-1, 2)))
    taken = {atom for atom, _ in stay}
    bare, hydrogens = _bare(mol)
    free = [atom for atom in sorted(hydrogens) if hydrogens[atom] > 0 and atom not in taken]
    chains, shares = table()
    for atom in dice.permutation(free)[: max(0, count - len(stay))].tolist():
        stay.append((atom, chains[int(np.searchsorted(shares, dice.random_sample(), side="right"))]))
    return _joined(bare, stay)


def _kept(mol: Mol) -> set[int]:
    """Atoms of the scaffold: what is left after ends are cut off again and again, and double bonds to it."""
    degree = {atom.GetIdx(): atom.GetDegree() for atom in mol.GetAtoms()}
    while ends := [atom for atom, bonds in degree.items() if bonds <= 1]:
        for end in ends:
            del degree[end]
            for other in mol.GetAtomWithIdx(end).GetNeighbors():
                if other.GetIdx() in degree:
                    degree[other.GetIdx()] -= 1
    double = [bond for bond in mol.GetBonds() if bond.GetBondTypeAsDouble() == 2]
    pairs = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in double]
    held = {one for pair in pairs for one, other in (pair, pair[::-1]) if other in degree}
    return set(degree) | held


def _bare(mol: Mol) -> tuple[Mol, dict[int, int]]:
    """The molecule cut at its side chains, atoms numbered as before, and hydrogens of each scaffold atom."""
    from rdkit import Chem

    kept, bare = _kept(mol), Chem.RWMol(mol)
    for bond in mol.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if (ends[0] in kept) != (ends[1] in kept):
            bare.RemoveBond(*ends)
            inner = bare.GetAtomWithIdx(ends[0] if ends[0] in kept else ends[1])
            if inner.GetIsAromatic() and inner.GetAtomicNum() == 7:
                inner.SetNumExplicitHs(1)
    for atom in bare.GetAtoms():
        atom.SetIntProp("was", atom.GetIdx())
    for index in sorted(set(range(mol.GetNumAtoms())) - kept, reverse=True):
        bare.RemoveAtom(index)
    Chem.SanitizeMol(bare)
    return bare, {atom.GetIntProp("was"): atom.GetTotalNumHs() for atom in bare.GetAtoms()}


def _joined(bare: Mol, chains: Iterable[tuple[int, str]]) -> str | None:
    from rdkit import Chem, rdBase

    whole = Chem.RWMol(bare)
    places = {atom.GetIntProp("was"): atom.GetIdx() for atom in bare.GetAtoms()}
    dummies = []
    for atom, chain in chains:
        offset = whole.GetNumAtoms()
        part = Chem.MolFromSmiles(chain)
        whole.InsertMol(part)
        dummy = next(a.GetIdx() for a in part.GetAtoms() if a.GetAtomicNum() == 0)
        (first,) = (a.GetIdx() for a in part.GetAtomWithIdx(dummy).GetNeighbors())
        whole.AddBond(places[atom], offset + first, Chem.BondType.SINGLE)
        whole.GetAtomWithIdx(places[atom]).SetNumExplicitHs(0)
        dummies.append(offset + dummy)
    for dummy in sorted(dummies, reverse=True):
        whole.RemoveAtom(dummy)
    with rdBase.BlockLogs():
        if Chem.SanitizeMol(whole, catchErrors=True):
            return None
    return str(Chem.MolToSmiles(whole))
