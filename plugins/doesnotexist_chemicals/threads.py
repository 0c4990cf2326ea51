"""Small sums are not shared between threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Let numpy compute in this thread alone: one step of a network is too short to share.

    On a busy machine two threads took twenty times the CPU time for one molecule, each waiting for the other.
    """
    with libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def libraries() -> ThreadpoolController:
    """Those in this process that share work between threads; those that come later go unseen."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
