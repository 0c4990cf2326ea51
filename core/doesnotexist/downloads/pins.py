"""Pins: what files of unknown size or sha256 were when they were first fetched.

What came first is what must come ever after: it is written down beside the store, and from then on
the file is as any other.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from ..cards import ModelCard, Row, Sha256, Text, WeightFile
from ..weights import write_whole


class Pin(Row):
    """Size and sha256 of a file as they were when it was first fetched."""

    name: Text
    size: Annotated[int, Field(gt=0)]
    sha256: Sha256
    date: Text


class Pins:
    """The pins in a folder, one small file each, by what the registry says of the file."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def apply(self, card: ModelCard) -> ModelCard:
        """The card with its pinned files as if they had always been known."""
        files = tuple(self._applied(file) for file in card.files) if card.unverified else card.files
        return card if files == card.files else card.model_copy(update={"files": files})

    def add(self, file: WeightFile, size: int, sha256: str) -> WeightFile:
        """Pin a file; how it is known from now on."""
        pin = Pin(name=file.name, size=size, sha256=sha256, date=datetime.now(UTC).date().isoformat())
        write_whole(self._root, self._path(file), pin.model_dump_json(indent=2))
        return self._applied(file)

    def _applied(self, file: WeightFile) -> WeightFile:
        if not file.unverified:
            return file
        try:
            pin = Pin.model_validate_json(self._path(file).read_bytes())
        except (OSError, ValidationError):
            return file
        return file.model_copy(update={"size": pin.size, "sha256": pin.sha256, "unverified": None})

    def _path(self, file: WeightFile) -> Path:
        # a row that says something else is another file, and pinned anew
        row = json.dumps(file.model_dump(mode="json"), sort_keys=True)
        return self._root / "pins" / f"{hashlib.sha256(row.encode()).hexdigest()}.json"
