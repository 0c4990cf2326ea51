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

    A file is the sha256 of all that follows it, a line of JSON, and the media. A fault of the disk
    costs a generation, never an answer: it is logged, once.
    """

    def __init__(self, root: Path, limit: int) -> None:
        self._root, self._limit = root, limit
        self._lock = threading.Lock()
        self._faulty = False
        self._sizes: OrderedDict[str, int] = OrderedDict()
        for path, size, _ in sorted(self._found(), key=lambda found: found[2]):
            self._sizes[path.name] = size
        self.bytes = sum(self._sizes.values())

    def read(self, key: str) -> Media | None:
        """The media of a key; None if there are none, or none that are whole."""
        with self._lock:
            if key not in self._sizes:
                return None
            self._sizes.move_to_end(key)
        try:
            media = _unpack(key, self._path(key).read_bytes())
        except OSError as error:
            self._complain(error)
            media = None
        if media is None:
            self._forget(key)
        return media

    def write(self, key: str, media: Media) -> None:
        """Write a file beside its place and move it there: nobody ever sees half of it."""
        data = _pack(key, media)
        path = self._path(key)
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
            self.bytes += len(data) - self._sizes.pop(key, 0)
            self._sizes[key] = len(data)
        self._make_room()

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / key

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

    def _make_room(self) -> None:
        while self.bytes > self._limit:
            with self._lock:
                key = next(iter(self._sizes))
            self._forget(key)

    def _forget(self, key: str) -> None:
        with self._lock:
            self.bytes -= self._sizes.pop(key, 0)
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        if not self._faulty:
            log.warning("finished media are not kept in %s: %s", self._root, error.strerror)
        self._faulty = True


def _pack(key: str, media: Media) -> bytes:
    head = as_json({"key": key, "format": media.format, "facts": dict(media.facts)})
    body = head + b"\n" + media.data
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _unpack(key: str, data: bytes) -> Media | None:
    """The media in a file, None if a byte of it has changed or it belongs to another key."""
    digest, _, body = data.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    head, _, content = body.partition(b"\n")
    facts = json.loads(head)
    if facts["key"] != key or facts["format"] not in MEDIA_TYPES:
        return None
    return Media(content, facts["format"], facts["facts"])
