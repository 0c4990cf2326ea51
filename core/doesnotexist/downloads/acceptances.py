"""Which licences the user has accepted, and when: asked once for each text, kept beside the store."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from ..cards import Licence, ModelCard
from ..weights import write_whole

FILE_NAME = "accepted.json"


class Acceptances:
    """The record of accepted licences in a folder; a licence whose text changes must be accepted anew."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def needed(self, card: ModelCard) -> bool:
        """Whether the user still has to accept the licence of this model."""
        return card.licence.acceptance and _key(card.licence) not in self._read()

    def accept(self, card: ModelCard) -> None:
        """Write down that the user accepts, with the date and the model that it was asked for."""
        record = self._read()
        date = datetime.now(UTC).isoformat(timespec="seconds")
        record[_key(card.licence)] = {"date": date, "model": card.id, "weights": card.licence.weights}
        text = json.dumps(record, indent=2, ensure_ascii=False)
        write_whole(self._root, self._root / FILE_NAME, text)

    def _read(self) -> dict[str, object]:
        try:
            record = json.loads((self._root / FILE_NAME).read_bytes())
        except (OSError, ValueError):
            return {}  # nothing accepted: to ask once more does no harm
        return record if isinstance(record, dict) else {}


def _key(licence: Licence) -> str:
    """A name of the licence that changes with every word of it."""
    return hashlib.sha256(licence.model_dump_json().encode()).hexdigest()
