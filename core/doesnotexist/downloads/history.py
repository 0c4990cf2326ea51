"""What each model's id has stood for on this machine: a registry may go forward, never back.

Whoever can hand out an old registry could bring back weights that were withdrawn. Right digests do not
help against that, for those of old weights are right too (rollback, in the words of The Update
Framework); what helps is to remember.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from ..cards import ModelCard, Row, Sha256
from ..errors import RolledBack
from ..weights import write_whole

FILE_NAME = "history.json"


class Seen(Row):
    """The version of a card when its model was last fetched, and the sha256 of its files by role."""

    version: Annotated[int, Field(ge=1)]
    files: dict[str, Sha256]


_RECORD = TypeAdapter(dict[str, Seen])


class History:
    """The record of fetched models in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def check(self, card: ModelCard) -> None:
        """Raises RolledBack for an older version than was here, or for other weights of the same one."""
        seen = self._read().get(card.id)
        if seen is None or card.version > seen.version:
            return
        if card.version < seen.version:
            raise RolledBack(card.id, f"version {seen.version} or later", f"version {card.version}")
        known = {file.role: file.sha256 for file in card.files if file.sha256}
        if known != {role: seen.files.get(role) for role in known}:
            told = f"the weights of version {seen.version} that were fetched before"
            raise RolledBack(card.id, told, f"others under version {card.version}")

    def add(self, card: ModelCard) -> None:
        """Write down that this model has been fetched."""
        files = {file.role: file.sha256 for file in card.files}
        record = {**self._read(), card.id: Seen(version=card.version, files=files)}
        plain = {id: seen.model_dump() for id, seen in record.items()}
        write_whole(self._root, self._root / FILE_NAME, json.dumps(plain, indent=2))

    def _read(self) -> dict[str, Seen]:
        try:
            return _RECORD.validate_json((self._root / FILE_NAME).read_bytes())
        except (OSError, ValidationError):
            return {}  # what nobody remembers cannot be held against a card
