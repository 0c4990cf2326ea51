"""When all is full: one fresh sample for everybody who waits for one, if the operator wants that."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from ..media import Media
from ..recipe import Recipe
from .pool import Fresh


class Sharing:
    """Who finds the queue full may have the next fresh sample of the domain, as others have it too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[str, int] = {}
        self._sharers: dict[str, list[Future[Fresh]]] = {}

    def made(self, domain: str, recipe: Recipe, future: Future[Media]) -> None:
        """A fresh sample is being made for somebody."""
        with self._lock:
            self._flying[domain] = self._flying.get(domain, 0) + 1
        future.add_done_callback(lambda done: self._landed(domain, recipe, done))

    def join(self, domain: str) -> Future[Fresh] | None:
        """The next fresh sample of a domain; None if none is being made."""
        with self._lock:
            if not self._flying.get(domain):
                return None
            future: Future[Fresh] = Future()
            self._sharers.setdefault(domain, []).append(future)
            return future

    def _landed(self, domain: str, recipe: Recipe, done: Future[Media]) -> None:
        error = None if done.cancelled() else done.exception()
        good = not done.cancelled() and error is None
        with self._lock:
            self._flying[domain] -= 1
            # one that failed is no sample to share, unless it was the last there was to hope for
            told = good or not self._flying[domain]
            sharers = self._sharers.pop(domain, []) if told else []
        for future in sharers:
            if not future.set_running_or_notify_cancel():
                continue
            if good:
                future.set_result(Fresh(recipe, done.result()))
            else:
                future.set_exception(error or TimeoutError())
