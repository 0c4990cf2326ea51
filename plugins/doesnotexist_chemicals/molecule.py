"""A molecule as a sample: what is known of it, and its bytes in every format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from doesnotexist.errors import BadSample, InvalidParameter

from . import chemistry, drawing, naming, novelty, shape

if TYPE_CHECKING:
    from rdkit.Chem import Mol

FORMATS = ("svg", "png", "sdf", "mol", "smi")
NOTICE = "Imagined by a language model. Nothing has been made or tested; properties are calculated."


@dataclass(frozen=True)
class Molecule:
    """`smiles` as RDKit writes it, and how many draws it took; everything else follows from the SMILES.

    `style` is that of the SVG; `kinship` says whose relative it is, `shown` what its model was shown.
    """

    smiles: str
    attempts: int = 1
    style: Literal["print"] | None = None
    kinship: str | None = None
    shown: str = novelty.SHOWN

    @cached_property
    def mol(self) -> Mol:
        """RDKit's molecule."""
        mol = chemistry.parse(self.smiles)
        if mol is None:
            raise BadSample("chemicals", f"made {self.smiles!r}, which is no molecule")
        return mol

    def facts(self) -> dict[str, Any]:
        """Formula, names for databases, calculated properties, alerts and novelty, as JSON data."""
        return dict(self._facts)

    @cached_property
    def _facts(self) -> dict[str, Any]:
        key = chemistry.inchikey(self.mol)
        return {
            "smiles": self.smiles,
            "name": naming.systematic_name(self.smiles),
            **chemistry.properties(self.mol),
            "inchi": chemistry.inchi(self.mol),
            "inchikey": key,
            "alerts": chemistry.notes(self.mol),
            "attempts": self.attempts,
            "novelty": novelty.claim(key, self.shown),
            **({"kinship": self.kinship} if self.kinship else {}),
            "notice": NOTICE,
        }

    def encode(self, format: str, size: int | None) -> bytes:
        """The bytes in one of FORMATS; `size` is the width of a picture in pixels."""
        match format:
            case "svg" if self.style == "print":
                return drawing.print_svg(self.mol, self._title, size).encode()
            case "svg":
                return drawing.svg(self.mol, self._title, size).encode()
            case "png":
                return drawing.png(self.mol, size)
            case "sdf":
                return self._sdf().encode()
            case "mol":
                return self._molfile().encode()
            case "smi":
                return self.smiles.encode()  # who joins several puts the line ends
        raise InvalidParameter("format", "one of " + ", ".join(FORMATS), format)

    @property
    def _title(self) -> str:
        return f"{self._facts['formula']}, {self.smiles}"

    def _molfile(self) -> str:
        """Flat coordinates, those of the drawing."""
        from rdkit import Chem

        return str(Chem.MolToMolBlock(drawing.laid_out(self.mol)))

    def _sdf(self) -> str:
        """One conformer in space with hydrogens, and the facts as data fields."""
        from rdkit import Chem

        facts = self._facts | {"conformer": "ETKDGv3, MMFF94", "alerts": "; ".join(self._facts["alerts"])}
        if facts["stereo_centres"]:
            facts["stereo"] = "drawn without stereochemistry; the conformer shows one of its isomers"
        fields = [f">  <{name}>\n{value}\n\n" for name, value in facts.items() if value not in (None, "")]
        return f"{Chem.MolToMolBlock(self._conformer)}{''.join(fields)}$$$$\n"

    @cached_property
    def _conformer(self) -> Mol:
        found = shape.conformer(self.mol)
        if found is None:
            raise BadSample("chemicals", f"found no shape in space for {self.smiles}")
        found.SetProp("_Name", self._facts["inchikey"])
        return found
