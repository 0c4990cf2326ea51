"""One tar of all samples, each with its record beside it, as WebDataset reads them.

`x.tar.partial` grows, and `x.jsonl` lists what is whole in it; a run that was stopped cuts off what is
not, and goes on. When all are there it is renamed to `x.tar`.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import IO

from ..errors import InvalidParameter
from ..media import as_json
from ..recipe import Recipe
from ..zoo import Creation
from .manifest import Manifest
from .orders import Order

END = bytes(2 * tarfile.BLOCKSIZE)  # two blocks of zeros end an archive (POSIX.1-1988, ustar)


class Archive:
    """Raises InvalidParameter if there is an archive of other samples at `path` already."""

    def __init__(self, path: Path, order: Order) -> None:
        self._path, self._order = path, order
        self._partial = path.with_name(f"{path.name}.partial")
        self._manifest = Manifest(path.with_suffix(".jsonl"))
        self._whole = path.exists()
        self._file: IO[bytes] | None = None
        self._end = 0
        if not self._whole:
            self._cut()

    @property
    def begun(self) -> bool:
        return self._whole or bool(self._manifest.rows)

    def holds(self, recipe: Recipe) -> bool:
        listed = self._manifest.has(self._name(recipe), recipe, self._order.size)
        if self._whole and not listed:
            raise InvalidParameter("out", "a name that is not taken, or the samples it has", str(self._path))
        return listed

    def put(self, creation: Creation) -> str:
        name = self._name(creation.recipe)
        record = Path(name).with_suffix(".json").name
        entries = member(name, creation.data) + (
            b"" if record == name else member(record, as_json(creation.record))
        )
        file = self._file or self._open()
        file.write(entries)
        file.flush()
        self._end += len(entries)
        self._manifest.add(name, creation, self._order.size, end=self._end)
        return str(self._path)

    def close(self) -> None:
        self._manifest.close()
        if self._file:
            self._file.close()

    def finish(self) -> None:
        if self._whole or not self._partial.exists():
            return
        with self._file or self._open() as file:
            file.write(END)
        self._partial.replace(self._path)

    def _open(self) -> IO[bytes]:
        """Begin to write, after what is known to be good."""
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._partial.open("ab")
        self._end = self._file.tell()
        return self._file

    def _cut(self) -> None:
        """Cut off what no row of the manifest vouches for, and forget rows of what is not there."""
        present = self._partial.stat().st_size if self._partial.exists() else 0
        for name in [name for name, row in self._manifest.rows.items() if row["end"] > present]:
            self._manifest.forget(name)
        end = max((row["end"] for row in self._manifest.rows.values()), default=0)
        if present:
            with self._partial.open("r+b") as file:
                file.truncate(end)

    def _name(self, recipe: Recipe) -> str:
        return f"{recipe.seed:010d}.{self._order.suffix}"


def member(name: str, data: bytes) -> bytes:
    """A file of a tar; of no date and no owner, so that equal samples are equal archives."""
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    return entry.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE)
