"""A systematic name in the style of the Blue Book, where the optional package `openclatura` is installed.

It builds names by rules.  It is young, so what it says is shown as a generated name and never as an
identifier; the InChIKey is that.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType


@cache
def _namer() -> ModuleType | None:
    try:
        return importlib.import_module("openclatura")
    except ImportError:
        return None


def systematic_name(smiles: str) -> str | None:
    """The generated name, or None without the package or where it finds no name."""
    namer = _namer()
    if namer is None:
        return None
    try:
        return str(namer.name_smiles(smiles)) or None
    except Exception:  # the wall to beta software: a molecule without a name is still worth showing
        return None
