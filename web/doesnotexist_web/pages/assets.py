"""The files of the pages under an address that changes with them, so that browsers may keep them for ever.

One name for all of them: modules import each other by relative paths, which keep it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "static"
FOREVER_S = 365 * 24 * 3600


def fingerprint(folder: Path = FOLDER) -> str:
    """12 letters (hex) that change with any name or byte of the files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()[:12]
