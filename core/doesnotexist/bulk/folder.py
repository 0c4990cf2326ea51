"""A folder with a file for each sample, and the manifest of them."""

from __future__ import annotations

from pathlib import Path

from ..recipe import Recipe
from ..zoo import Creation
from .manifest import Manifest
from .orders import Order

MANIFEST = "manifest.jsonl"


class FolderOfSamples:
    """Files are written beside their places and moved there: nobody sees half a picture."""

    def __init__(self, folder: Path, order: Order) -> None:
        self._folder, self._order = folder, order
        self._manifest = Manifest(folder / MANIFEST)

    @property
    def begun(self) -> bool:
        return bool(self._manifest.rows)

    def holds(self, recipe: Recipe) -> bool:
        name = self._name(recipe)
        if not self._manifest.has(name, recipe, self._order.size):
            return False
        path = self._folder / name
        # a listed file that lost its bytes, as after a power cut, is made again
        if path.is_file() and path.stat().st_size == self._manifest.rows[name]["bytes"]:
            return True
        self._manifest.forget(name)
        return False

    def put(self, creation: Creation) -> str:
        name = self._name(creation.recipe)
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{name}.partial")
        partial.write_bytes(creation.data)
        partial.replace(path)
        self._manifest.add(name, creation, self._order.size)
        return str(path)

    def finish(self) -> None:
        """Every file is in its place already."""

    def close(self) -> None:
        self._manifest.close()

    def _name(self, recipe: Recipe) -> str:
        return f"{recipe.model.replace('/', '-')}-seed{recipe.seed}.{self._order.suffix}"
