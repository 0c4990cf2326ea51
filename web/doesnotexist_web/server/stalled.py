"""Visitors who ask and then hardly read, and those who hardly ask: they are let go of.

waitress means to close what is idle, but looks at a connection again only when it can be written to, which
one that nobody reads never can; one with a request at work it leaves alone, whose thread waits as long as
nobody reads, with its place among those who make things; and a few bytes now and then are enough for it.
So what is read is counted, and has a least rate: a low one for what only waits to be read, a higher one
while a thread waits for it. And a request has its time to come in, however many bytes are still to follow.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from waitress.channel import HTTPChannel

from .parsing import Parser, Refusal
from .turns import doors_of

LEAST_READ = 1024  # bytes a second that a visitor takes, of what is ready
ASKING_S = 60  # seconds that a request may take to come in whole, the longest body included
LEAST_AWAITED = 64 * 1024  # the same, while more than waitress keeps for one visitor is to be written


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that knows how much its visitor has taken, and how long a request has been coming in."""

    parser_class, error_task_class = Parser, Refusal

    _asked: Parser | None = None  # what is coming in, and since when
    _asked_since = 0.0
    _sent = 0  # bytes that the system has taken, in all
    _looked: tuple[float, int] | None = None  # when something waited to be read last, and how much was

    def received(self, data: bytes) -> bool:
        """Take bytes in; whether they were wanted."""
        wanted: bool = super().received(data)
        if self.request is not self._asked:
            self._asked, self._asked_since = self.request, time.monotonic()
        return wanted

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send what can be sent of `data` now; how many bytes that was."""
        sent: int = super().send(data, do_close=do_close)
        self._sent += sent
        return sent

    def is_stalled(self) -> bool:
        """Whether a request has come in for too long, or too little of an answer was read.

        That is, of what has waited to be read since this was asked last.
        """
        if self._asked is not None and time.monotonic() - self._asked_since > ASKING_S:
            return True
        least = self._least()
        before, now = self._looked, (time.monotonic(), self._taken())
        self._looked = now if least else None
        if not least or before is None:
            return False
        return now[1] - before[1] < least * (now[0] - before[0])

    def _taken(self) -> int:
        """The bytes that have arrived; megabytes may wait in the system, which asks for more in leaps."""
        try:
            from fcntl import ioctl
            from termios import TIOCOUTQ  # on a socket: what was sent and not acknowledged (tcp(7))

            waiting = int.from_bytes(ioctl(self.socket, TIOCOUTQ, bytes(4)), sys.byteorder)
        except (ImportError, OSError):  # another system than Linux
            waiting = 0
        return self._sent - waiting

    def _least(self) -> int:
        """The rate at which this connection must be read now; 0 if nothing waits to be."""
        held: int = self.total_outbufs_len
        if self.requests:  # what is still made does not count, unless it cannot go on
            return LEAST_AWAITED if held > self.adj.outbuf_high_watermark else 0
        return LEAST_READ if held else 0


def let_go_of_stalled(server: Any) -> None:
    """Have a server close each connection that is hardly read, when it tidies up: `cleanup_interval`."""
    for door in doors_of(server):
        door.channel_class = Channel
        door.maintenance = _tidier(door)


def _tidier(door: Any) -> Any:
    usual = door.maintenance

    def maintenance(now: float) -> None:
        usual(now)
        for channel in list(door.active_channels.values()):
            if channel.is_stalled():
                # after this turn of the loop, which is amid its table; a thread that waits is woken
                door.trigger.pull_trigger(channel.handle_close)

    return maintenance
