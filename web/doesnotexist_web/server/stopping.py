"""How a server ends: it takes nothing new, and finishes what it was asked for before.

waitress on its own waits five seconds, and while it waits its loop sends nothing: what takes longer, or is
more than a socket holds, would be lost.
"""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any, NoReturn

from waitress import wasyncore
from waitress.channel import HTTPChannel

from .turns import doors_of, sockets_of

PATIENCE_S = 30.0  # less than service managers wait until they kill


class Told(wasyncore.ExitNow):  # type: ignore[misc]
    """It was told to end: of all exceptions the loop lets this kind through."""


def end_when_told() -> None:
    """Have SIGINT and SIGTERM raise Told; once is a wish, twice is an order."""
    signal.signal(signal.SIGINT, _told)
    signal.signal(signal.SIGTERM, _told)


def _told(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as signal() calls it
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise Told


def finish(server: Any, patience_s: float = PATIENCE_S) -> None:
    """Close the server's doors, let what is under way be finished and sent, then end its threads."""
    sockets = sockets_of(server)
    for door in doors_of(server):
        wasyncore.dispatcher.close(door)  # its trigger, which wakes the loop, stays
    end = time.monotonic() + patience_s
    while _busy(sockets) and time.monotonic() < end:
        wasyncore.loop(timeout=0.1, use_poll=True, map=sockets, count=1)
    server.task_dispatcher.shutdown(timeout=1)
    wasyncore.close_all(sockets)


def _busy(sockets: dict[int, Any]) -> bool:
    channels = (each for each in sockets.values() if isinstance(each, HTTPChannel))
    return any(channel.requests or channel.total_outbufs_len for channel in channels)
