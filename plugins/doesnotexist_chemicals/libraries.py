"""The libraries of this plugin, ready before anybody asks for a molecule.

Nothing of a model is read here, and none of this plugin's own data.
"""

from __future__ import annotations

from importlib import import_module

OURS = ("molecules", "sampling", "weights")  # they bring what else of ours a molecule meets
OTHERS = (
    "numpy.random",
    "rdkit.Chem.Draw.rdMolDraw2D",
    "rdkit.Chem.FilterCatalog",
    "rdkit.Chem.QED",
    "rdkit.Chem.rdCoordGen",
    "rdkit.Chem.rdDepictor",
    "rdkit.Chem.rdDistGeom",
    "rdkit.Chem.rdFingerprintGenerator",
    "rdkit.Chem.rdMolDescriptors",
    "rdkit.Chem.rdinchi",
)


def load() -> None:
    """Import all that a molecule needs until it is drawn."""
    for module in OURS:
        import_module(f".{module}", __package__)
    from . import naming, threads

    threads.libraries()  # numpy's; they are found faster among a few than among RDKit's 150
    for module in OTHERS:
        import_module(module)
    naming.namer()


def prepare() -> None:
    """Import them, and have them read tables of their own: alerts, and rules for names."""
    load()
    from . import chemistry, naming

    for name in (*chemistry.GATE, *chemistry.NOTES):
        chemistry.catalogue(name)
    naming.prepare()
