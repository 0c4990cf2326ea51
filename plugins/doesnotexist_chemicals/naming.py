"""A systematic name in the style of the Blue Book, where the optional package `openclatura` is installed.

It builds names by rules.  It is young, so what it says is shown as a generated name and never as an
identifier; the InChIKey is that.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType

FUSED = "c1ccc2c(c1)CCCCN2"  # a ring system without a name of its own: naming it takes all the rules


@cache
def namer() -> ModuleType | None:
    """The package, None where it is not installed."""
    try:
        return importlib.import_module("openclatura")
    except ImportError:
        return None


def prepare() -> None:
    """Have the package read its rules, which takes it a tenth of a second of its first name."""
    systematic_name(FUSED)


def systematic_name(smiles: str) -> str | None:
    """The generated name, or None without the package or where it finds no name."""
    package = namer()
    if package is None:
        return None
    try:
        return str(package.name_smiles(smiles)) or None
    except Exception:  # the wall to beta software: a molecule without a name is still worth showing
        return None
