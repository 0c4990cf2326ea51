"""A folder of finished media: a file each, named by its key, whole or not there, within a bound."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

from ..media import MEDIA_TYPES, Media, as_json

log = logging.getLogger("doesnotexist.engine")


class Folder:
    """Media files in `root`, `limit` bytes of them; those used longest ago go first.

    `release` names the software that makes them: what another has made is not read, and goes first.

    A file is the sha256 of all that follows it, a line of JSON, and the media. A fault of the disk
    costs a generation, never an answer: it is logged, once.
    """

    def __init__(self, root: Path, limit: int, release: str = "") -> None:
        self._root, self._limit, self._release = root, limit, release
        self._lock = threading.Lock()
        self._faulty = False
        self._sizes: OrderedDict[str, int] = OrderedDict()
        for path, size, _ in sorted(self._found(), key=lambda found: (self._is_ours(found[0]), found[2])):
            self._sizes[path.name] = size
        self.bytes = sum(self._sizes.values())

    def read(self, key: str) -> Media | None:
        """The media of a key; None if there are none, or none that are whole."""
        name = self._name(key)
        with self._lock:
            if name not in self._sizes:
                return None
            self._sizes.move_to_end(name)
        try:
            media = _unpack(name, self._path(name).read_bytes())
        except OSError as error:
            self._complain(error)
            media = None
        if media is None:
            self._forget(name)
        return media

    def write(self, key: str, media: Media) -> None:
        """Write a file beside its place and move it there: nobody ever sees half of it."""
        name = self._name(key)
        data = _pack(name, media)
        path = self._path(name)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
                try:
                    file.write(data)
                    file.close()
                    Path(file.name).replace(path)
                except OSError:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            self._complain(error)
            return
        with self._lock:
            self.bytes += len(data) - self._sizes.pop(name, 0)
            self._sizes[name] = len(data)
        self._make_room()

    def _name(self, key: str) -> str:
        return f"{key}-{self._release}" if self._release else key

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name

    def _found(self) -> list[tuple[Path, int, float]]:
        """Every file that is here, with its size and when it was last written."""
        found = []
        for path in self._root.glob("[0-9a-f][0-9a-f]/*"):
            try:
                facts = path.stat()
            except OSError:
                continue  # another site that uses this folder has just removed it
            if path.name.startswith(".new-"):
                path.unlink(missing_ok=True)  # of a process that was killed while it wrote
            else:
                found.append((path, facts.st_size, facts.st_mtime))
        return found

    def _is_ours(self, path: Path) -> bool:
        return path.name.endswith(f"-{self._release}")

    def _make_room(self) -> None:
        while self.bytes > self._limit:
            with self._lock:
                name = next(iter(self._sizes))
            self._forget(name)

    def _forget(self, name: str) -> None:
        with self._lock:
            self.bytes -= self._sizes.pop(name, 0)
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        if not self._faulty:
            log.warning("finished media are not kept in %s: %s", self._root, error.strerror)
        self._faulty = True


def _pack(name: str, media: Media) -> bytes:
    head = as_json({"key": name, "format": media.format, "facts": dict(media.facts)})
    body = head + b"\n" + media.data
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _unpack(name: str, data: bytes) -> Media | None:
    """The media in a file, None if a byte of it has changed or it belongs to another name."""
    digest, _, body = data.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    head, _, content = body.partition(b"\n")
    facts = json.loads(head)
    if facts["key"] != name or facts["format"] not in MEDIA_TYPES:
        return None
    return Media(content, facts["format"], facts["facts"])
