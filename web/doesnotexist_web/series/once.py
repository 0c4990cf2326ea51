"""What takes long is made once, however many ask for it at a time, and kept for those who come later."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future


class Once:
    """Bytes by key, of which those used last are kept within `budget` bytes.

    A failure is told to all who wait, and forgotten: the next one who asks has it tried again.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._futures: OrderedDict[str, Future[bytes]] = OrderedDict()

    def get(self, key: str, make: Callable[[], bytes]) -> bytes:
        """The bytes of a key: kept ones, those that another thread is making, or what `make` gives.

        Raises what `make` raises.
        """
        with self._lock:
            future = self._futures.get(key)
            if ours := future is None:
                future = self._futures[key] = Future()
            self._futures.move_to_end(key)
        if ours:
            self._fill(key, future, make)
        return future.result()

    def _fill(self, key: str, future: Future[bytes], make: Callable[[], bytes]) -> None:
        try:
            future.set_result(make())
        except Exception as error:  # a wall between threads: those who wait must hear of any failure
            with self._lock:
                del self._futures[key]
            future.set_exception(error)
        else:
            self._forget()

    def _forget(self) -> None:
        """Let go of what was used longest ago, beyond the budget."""
        with self._lock:
            done = [(key, len(future.result())) for key, future in self._futures.items() if future.done()]
            excess = sum(size for _, size in done) - self._budget
            for key, size in done:
                if excess <= 0:
                    break
                del self._futures[key]
                excess -= size
