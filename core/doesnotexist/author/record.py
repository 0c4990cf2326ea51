"""The record of installed plugins, with a copy of each wheel: after an upgrade of the host, or in a new
environment, `sync` puts the very same files back.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_data_path

from ..errors import InstallRefused
from .slips import canonical
from .wheels import Wheel

FILE = "plugins.json"


@dataclass(frozen=True)
class Entry:
    """One recorded plugin; `wheel` is the name of the kept file."""

    name: str
    version: str
    wheel: str
    sha256: str


class Record:
    """A folder with `plugins.json` and the wheels; made when the first plugin is recorded."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or user_data_path("doesnotexist", appauthor=False) / "plugins"

    def entries(self) -> list[Entry]:
        """What was installed, in the order of their names. Raises InstallRefused for a damaged record."""
        try:
            text = (self.folder / FILE).read_text("utf-8")
        except FileNotFoundError:
            return []
        try:
            return [Entry(**row) for row in json.loads(text)["plugins"]]
        except (ValueError, KeyError, TypeError) as error:
            raise InstallRefused(FILE, f"the record is damaged ({error}); remove {self.folder}") from None

    def wheel(self, entry: Entry) -> Path:
        """The kept wheel of an entry, its digest checked. Raises InstallRefused."""
        path = self.folder / Path(entry.wheel).name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256:
            raise InstallRefused(entry.name, "its kept wheel is damaged or gone; install it again")
        return path

    def add(self, wheel: Wheel) -> None:
        """Record a plugin and keep its wheel."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = self.folder / wheel.path.name
        if kept != wheel.path:
            shutil.copyfile(wheel.path, kept)
        entry = Entry(wheel.name, wheel.version, kept.name, wheel.sha256)
        self._write([*(e for e in self.entries() if canonical(e.name) != canonical(wheel.name)), entry])

    def remove(self, name: str) -> None:
        """Forget a plugin and its wheel; nothing happens if it was not recorded."""
        entries = self.entries()
        for entry in entries:
            if canonical(entry.name) == canonical(name):
                (self.folder / Path(entry.wheel).name).unlink(missing_ok=True)
        left = [entry for entry in entries if canonical(entry.name) != canonical(name)]
        if left != entries:
            self._write(left)

    def _write(self, entries: list[Entry]) -> None:
        rows = [asdict(entry) for entry in sorted(entries, key=lambda entry: canonical(entry.name))]
        part = self.folder / f".{FILE}.{os.getpid()}"
        part.write_text(json.dumps({"plugins": rows}, indent=2) + "\n", "utf-8")
        part.replace(self.folder / FILE)
