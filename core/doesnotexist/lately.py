"""What a function has said lately, for those who would ask it a thousand times a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Lately(Generic[Key, Value]):
    """A function whose answers hold for some seconds; errors are not kept."""

    def __init__(self, ask: Callable[[Key], Value], seconds: float = 1.0) -> None:
        self._ask, self._seconds = ask, seconds
        self._kept: dict[Key, tuple[float, Value]] = {}

    def __call__(self, key: Key) -> Value:
        now = time.monotonic()
        until, value = self._kept.get(key, (0.0, None))
        if value is None or until < now:
            value = self._ask(key)
            self._kept[key] = now + self._seconds, value
        return value
