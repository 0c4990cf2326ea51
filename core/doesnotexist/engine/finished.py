"""Finished media, kept: in memory, and in a folder that survives a restart, each within its bound."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from typing import Any

from ..media import Media
from .folder import Folder

PENDING = 256  # media that wait to be written; when the disk is slower than this, some are not kept


class Finished:
    """Media by key. `memory` bytes of them, used last, are kept in memory, and all in `folder` if given.

    Nobody waits for the disk to write: a thread does that.
    """

    def __init__(self, memory: int = 0, folder: Folder | None = None) -> None:
        self._memory, self._folder = memory, folder
        self._kept: OrderedDict[str, Media] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._hits = self._misses = 0
        self._pending: dict[str, Media] = {}
        self._queue: queue.Queue[str | None] = queue.Queue(PENDING)
        self._writer: threading.Thread | None = None
        if folder:
            self._writer = threading.Thread(target=self._write, name="engine-media", daemon=True)
            self._writer.start()

    def get(self, key: str) -> Media | None:
        """The media of a key, None if they are not here."""
        with self._lock:
            media = self._kept.get(key) or self._pending.get(key)
            if media:
                self._touch(key, media)
        if media is None and self._folder and (media := self._folder.read(key)):
            with self._lock:
                self._touch(key, media)
        self._hits += media is not None
        self._misses += media is None
        return media

    def put(self, key: str, media: Media) -> None:
        """Keep the media of a key."""
        with self._lock:
            self._touch(key, media)
            if not self._folder or key in self._pending:
                return
            self._pending[key] = media
        try:
            self._queue.put_nowait(key)
        except queue.Full:
            with self._lock:
                self._pending.pop(key, None)

    def status(self) -> dict[str, Any]:
        """Figures, as JSON data."""
        with self._lock:
            status = {
                "count": len(self._kept),
                "bytes": self._bytes,
                "hits": self._hits,
                "misses": self._misses,
            }
        return {**status, **({"disk_bytes": self._folder.bytes} if self._folder else {})}

    def close(self) -> None:
        """Write what waits to be written."""
        if self._writer:
            self._queue.put(None)
            self._writer.join()
            self._writer = None

    def _touch(self, key: str, media: Media) -> None:
        """Put it last, and let go of what was used longest ago. The lock is held."""
        old = self._kept.pop(key, None)
        self._bytes += _size(media) - (_size(old) if old else 0)
        self._kept[key] = media
        while self._bytes > self._memory:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= _size(gone)

    def _write(self) -> None:
        while (key := self._queue.get()) is not None:
            if self._folder and (media := self._pending.get(key)):
                self._folder.write(key, media)
            with self._lock:
                self._pending.pop(key, None)


def _size(media: Media) -> int:
    return len(media.data) + 1024  # about what the facts and the objects around them take
