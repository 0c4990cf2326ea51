"""What chemistry says of a SMILES: whether it is a molecule, why it is refused, and its properties.

The filters make molecules plausible.  They do not make them safe: nothing here has been made or tested.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from doesnotexist.errors import BadSample

from . import novelty, scheduled, shape
from .accessibility import synthetic_accessibility

if TYPE_CHECKING:
    from rdkit.Chem import Mol
    from rdkit.Chem.FilterCatalog import FilterCatalog

# RDKit's names of its catalogues: PAINS (Baell and Holloway 2010), NIH, ZINC, two sets of ChEMBL's alerts.
GATE = ("PAINS", "NIH", "ZINC", "CHEMBL_Glaxo", "CHEMBL_SureChEMBL")
NOTES = ("BRENK", "CHEMBL_Dundee", "CHEMBL_BMS", "CHEMBL_Inpharmatica", "CHEMBL_LINT", "CHEMBL_MLSMR")
HARDEST = 4.5  # synthetic accessibility, 1 to 10: Ertl and Schuffenhauer 2009, doi:10.1186/1758-2946-1-8
LARGEST_RING = 7
# Whatever a model's alphabet can write: no phosphorus, no arsenic, no charged atom leaves here.
ELEMENTS = frozenset({1, 6, 7, 8, 9, 16, 17, 35})
LIGHTEST = 250  # dalton, as in MOSES: smaller ones have mostly been made, and `novelty` could not know it


def parse(smiles: str) -> Mol | None:
    """The molecule, or None where RDKit finds none; says nothing on standard error."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    return mol if mol is not None and mol.GetNumAtoms() else None


@cache
def catalogue(name: str) -> FilterCatalog:
    """One of RDKit's catalogues of alerts: hundreds of patterns, parsed in up to 15 ms."""
    from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

    return FilterCatalog(FilterCatalogParams(getattr(FilterCatalogParams.FilterCatalogs, name)))


def inchikey(mol: Mol) -> str:
    """The 27 letters under which every database can be searched for this molecule."""
    from rdkit import rdBase
    from rdkit.Chem import rdinchi

    with rdBase.BlockLogs():
        return str(rdinchi.MolToInchiKey(mol))


def inchi(mol: Mol) -> str:
    """The international identifier of which the InChIKey is a hash."""
    from rdkit import rdBase
    from rdkit.Chem import rdinchi

    with rdBase.BlockLogs():
        return str(rdinchi.MolToInchi(mol)[0])


def refusal(mol: Mol) -> str | None:
    """Why this molecule is not shown, or None."""
    from rdkit import Chem
    from rdkit.Chem import rdMolDescriptors

    rings = mol.GetRingInfo().AtomRings()
    if any(atom.GetAtomicNum() not in ELEMENTS or atom.GetFormalCharge() for atom in mol.GetAtoms()):
        return "element or charge"
    if len(Chem.GetMolFrags(mol)) > 1:
        return "several molecules"
    if rdMolDescriptors._CalcMolWt(mol) < LIGHTEST:
        return "fragment"
    if any(len(ring) > LARGEST_RING for ring in rings):
        return "large ring"
    key = inchikey(mol)
    if novelty.is_known(key):
        return "known"
    if scheduled.is_blocked(mol, key):
        return "scheduled or alike"
    if synthetic_accessibility(mol) > HARDEST:
        return "hard to make"
    alert = next((f"alert {name}" for name in GATE if catalogue(name).HasMatch(mol)), None)
    # last, for it takes longest: bonds that no arrangement in space can have
    return alert or (None if shape.possible(mol) else "no shape in space")


def verdict(smiles: str) -> str | None:
    """Why this SMILES is not shown, or None: the door every drawn molecule goes through."""
    mol = parse(smiles)
    return "no molecule" if mol is None else refusal(mol)


def notes(mol: Mol) -> list[str]:
    """Alerts of stricter catalogues; worth a remark, no reason to refuse."""
    found = []
    for name in NOTES:
        for entry in catalogue(name).GetMatches(mol):
            found.append(f"{name.removeprefix('CHEMBL_')}: {entry.GetDescription().strip()}")
    return sorted(set(found))


def properties(mol: Mol) -> dict[str, Any]:
    """Calculated properties, rounded to what they are worth; masses in dalton, TPSA in square ångström."""
    from rdkit.Chem import QED, rdMolDescriptors

    logp, _ = rdMolDescriptors.CalcCrippenDescriptors(mol)
    return {
        "formula": rdMolDescriptors.CalcMolFormula(mol),
        "mass": round(rdMolDescriptors._CalcMolWt(mol), 3),
        "monoisotopic_mass": round(rdMolDescriptors.CalcExactMolWt(mol), 5),
        "logp": round(logp, 2),
        "tpsa": round(rdMolDescriptors.CalcTPSA(mol), 2),
        "qed": round(QED.qed(mol), 3),  # type: ignore[no-untyped-call]
        "sa": round(synthetic_accessibility(mol), 2),
        "heavy_atoms": mol.GetNumHeavyAtoms(),
        "rings": rdMolDescriptors.CalcNumRings(mol),
        "aromatic_rings": rdMolDescriptors.CalcNumAromaticRings(mol),
        "rotatable_bonds": rdMolDescriptors.CalcNumRotatableBonds(mol),
        "donors": rdMolDescriptors.CalcNumHBD(mol),
        "acceptors": rdMolDescriptors.CalcNumHBA(mol),
        "stereo_centres": _stereo_centres(mol),
    }


def _stereo_centres(mol: Mol) -> int:
    from rdkit import Chem

    found = Chem.FindPotentialStereo(Chem.Mol(mol))
    return sum(stereo.type == Chem.StereoType.Atom_Tetrahedral for stereo in found)


def likeness(one: str, other: str) -> float:
    """Tanimoto similarity, 0 to 1, of two SMILES by the fingerprint of `scheduled`."""
    from rdkit.DataStructs import TanimotoSimilarity

    first, second = (scheduled.fingerprint(mol) for mol in (parse(one), parse(other)) if mol is not None)
    return float(TanimotoSimilarity(first, second))


def canonical(smiles: str) -> str:
    """The SMILES as RDKit writes it; raises BadSample for what is no molecule."""
    from rdkit import Chem

    mol = parse(smiles)
    if mol is None:
        raise BadSample("chemicals", f"made {smiles!r}, which is no molecule")
    return str(Chem.MolToSmiles(mol))
