"""The manifest of a collection: a line of JSON for each sample, written when the sample is whole.

It is also what a run that was stopped goes on from: what it names is there, and nothing else is.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import IO, Any

from ..media import as_json
from ..recipe import Recipe
from ..zoo import Creation


class Manifest:
    """The rows of a manifest by the name of the file; a last line that was torn off is dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows: dict[str, dict[str, Any]] = {}
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
            if not line.endswith(b"\n"):
                break
            row = json.loads(line)
            self.rows[row["file"]] = row
        self._file: IO[bytes] | None = None

    def has(self, file: str, recipe: Recipe, size: int | None) -> bool:
        """Whether a file of that name is listed, of this recipe and this size."""
        row = self.rows.get(file)
        return row is not None and (row["recipe"], row.get("size")) == (str(recipe), size)

    def forget(self, file: str) -> None:
        """A file is not as it was listed."""
        self.rows.pop(file, None)

    def add(self, file: str, creation: Creation, size: int | None, **more: int) -> None:
        """List a file that is whole."""
        recipe, data = creation.recipe, creation.data
        row = {
            "file": file,
            "recipe": str(recipe),
            "seed": recipe.seed,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            **more,
        }
        row |= {} if size is None else {"size": size}
        stream = self._file or self._open()
        stream.write(as_json(row) + b"\n")
        stream.flush()
        self.rows[file] = row

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _open(self) -> IO[bytes]:
        """Begin to write, after what is known to be good."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f".{self._path.name}.new")
        fresh.write_bytes(b"".join(as_json(row) + b"\n" for row in self.rows.values()))
        fresh.replace(self._path)
        self._file = self._path.open("ab")
        return self._file
