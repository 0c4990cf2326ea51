"""A molecule as a picture: SVG that follows the reader's light or dark scheme, PNG that carries its SMILES.

The SVG is written anew from what RDKit draws: only paths, with rounded numbers, without styles or scripts.
Each keeps RDKit's classes (`bond-3 atom-2 atom-5`, `atom-4`), so that a page can highlight, and gets the
class of its element (`el-N`), so that a page can colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from rdkit.Chem import Mol

WIDTH, HEIGHT = 600, 450
BOND = 46.0  # pixels of one bond: neighbouring cards share a scale, only large molecules shrink
UNIT = 1.5  # length of a normalised bond; RDKit's fixedBondLength is in pixels for one unit

# Element colours on paper and on a dark page; contrast on white and on #101418 is at least 4.5 to 1.
INK = {
    "C": ("#16202a", "#e6ebf0"),
    "N": ("#2148c7", "#8fb0ff"),
    "O": ("#c2200f", "#ff8f7d"),
    "S": ("#7a5c00", "#e3c341"),
    "F": ("#1d7a1d", "#7fd77f"),
    "Cl": ("#1a7a3c", "#6fdc8f"),
    "Br": ("#8a3b12", "#e29a6b"),
}
_NUMBERS = {"C": 6, "N": 7, "O": 8, "S": 16, "F": 9, "Cl": 17, "Br": 35}
_SVG = "{http://www.w3.org/2000/svg}"
_COLOUR = re.compile(r"(fill|stroke):(#[0-9A-Fa-f]{6})")
_DECIMAL = re.compile(r"-?\d+\.\d+")


def laid_out(mol: Mol) -> Mol:
    """A copy with flat coordinates: templates and force field of CoordGen, turned upright."""
    from rdkit.Chem import Mol as Molecule
    from rdkit.Chem import rdCoordGen, rdDepictor

    flat = Molecule(mol)
    rdCoordGen.AddCoords(flat)
    rdDepictor.NormalizeDepiction(flat)
    rdDepictor.StraightenDepiction(flat)
    return flat


def svg(mol: Mol, title: str, width: int | None = None) -> str:
    """The drawing as SVG, 4 to 3, `width` pixels wide; transparent, for light and dark pages."""
    from rdkit.Chem.Draw import rdMolDraw2D

    canvas = rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT)
    _draw(canvas, mol)
    width = width or WIDTH
    size = f'width="{width}" height="{round(width * HEIGHT / WIDTH)}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return _document(canvas.GetDrawingText(), size, title, _both_schemes())


def print_svg(mol: Mol, title: str, width: int | None = None) -> str:
    """The drawing in the style of the American Chemical Society's journals (1996).

    In their size, which is small, unless a width in pixels is given: black, for white paper.
    """
    from rdkit.Chem.Draw import MeanBondLength, rdMolDraw2D

    flat = rdMolDraw2D.PrepareMolForDrawing(laid_out(mol))
    canvas = rdMolDraw2D.MolDraw2DSVG(-1, -1)
    options: Any = canvas.drawOptions()
    rdMolDraw2D.SetACS1996Mode(options, MeanBondLength(flat))
    options.prepareMolsBeforeDrawing = False
    options.useBWAtomPalette()
    canvas.DrawMolecule(flat)
    canvas.FinishDrawing()
    wide = f"{width}" if width else f"{canvas.Width()}pt"
    size = f'viewBox="0 0 {canvas.Width()} {canvas.Height()}" width="{wide}"'
    return _document(canvas.GetDrawingText(), size, title)


def png(mol: Mol, width: int | None = None) -> bytes:
    """The drawing as PNG on white, 4 to 3, with the SMILES in its metadata, where RDKit finds it."""
    from rdkit import Chem
    from rdkit.Chem.Draw import rdMolDraw2D

    width = width or 2 * WIDTH
    canvas = rdMolDraw2D.MolDraw2DCairo(width, round(width * HEIGHT / WIDTH))
    options: Any = canvas.drawOptions()
    options.includeMetadata = False  # by itself it would put a pickled molecule there
    _draw(canvas, mol, scale=width / WIDTH)
    plain = canvas.GetDrawingText()
    kept = {"includePkl": False, "includeSmiles": True, "includeMol": False}
    return bytes(Chem.MolMetadataToPNGString(mol, plain, **kept))


def _draw(canvas: Any, mol: Mol, scale: float = 1.0) -> None:
    from rdkit.Chem.Draw import rdMolDraw2D

    options = canvas.drawOptions()
    options.fixedBondLength = BOND / UNIT * scale
    options.bondLineWidth = 2.2 if scale == 1 else max(1, round(2.2 * scale))
    options.scaleBondWidth = False
    options.padding = 0.06
    options.minFontSize = max(6, round(16 * scale))
    options.maxFontSize = max(6, round(26 * scale))
    options.singleColourWedgeBonds = True
    options.setAtomPalette({-1: _rgb(INK["C"][0])} | {n: _rgb(INK[s][0]) for s, n in _NUMBERS.items()})
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, laid_out(mol))
    canvas.FinishDrawing()


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _document(drawn: str, size: str, title: str, style: str = "") -> str:
    """Only what is needed of RDKit's drawing, in a document of our own."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        f"<title>{escape(title)}</title>{style}"
        f'<g fill="none" stroke-linecap="round" stroke-linejoin="round">{"".join(_paths(drawn))}</g></svg>'
    )


def _both_schemes() -> str:
    """The colours on a dark page; those on a light one stand at each path."""
    dark = "".join(f".el-{symbol}{{color:{night}}}" for symbol, (_, night) in INK.items())
    return f"<style>@media (prefers-color-scheme:dark){{{dark}}}</style>"


def _paths(drawn: str) -> Iterator[str]:
    """Each path, its colour moved from a style to `color`, where a page's own rules win over it."""
    # RDKit made this text from a molecule of ours a moment ago: no stranger's entities can be in it.
    for path in ElementTree.fromstring(drawn).iter(f"{_SVG}path"):  # noqa: S314
        style = path.get("style") or f"fill:{path.get('fill', '#000000')}"
        colours = dict(_COLOUR.findall(style))
        symbol, colour = _element(next(iter(colours.values()), INK["C"][0]))
        paint = "".join(f' {name}="currentColor"' for name in colours)
        stroke = re.search(r"stroke-width:([\d.]+)", style)
        line = f' stroke-width="{float(stroke[1]):g}"' if stroke and "stroke" in colours else ""
        names = f"{path.get('class', '')} el-{symbol}".strip()
        points = _DECIMAL.sub(lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), path.get("d", ""))
        yield f'<path class="{names}" color="{colour}"{paint}{line} d="{points}"/>'


def _element(colour: str) -> tuple[str, str]:
    """The element RDKit drew in this colour, and the colour as we write it; carbon for any other."""
    for symbol, (day, _) in INK.items():
        if day == colour.lower():
            return symbol, day
    return "C", INK["C"][0]
