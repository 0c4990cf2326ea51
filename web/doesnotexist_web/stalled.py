"""Visitors who ask and then do not read: they are let go of, as those are who do not finish asking.

waitress means to close what is idle, but looks at a connection again only when it can be written to, which
one that nobody reads never can; and one with a request at work it leaves alone, whose thread waits as long
as nobody reads, with its place among those who make things.
"""

from __future__ import annotations

import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer


def let_go_of_stalled(server: Any) -> None:
    """Have a server close, as it tidies up, each connection that took nothing for `channel_timeout`."""
    sockets = getattr(server, "map", None) or server._map  # of one address or of several
    for door in [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]:
        door.maintenance = _tidier(door)


def _tidier(door: Any) -> Any:
    usual = door.maintenance

    def maintenance(now: float) -> None:
        usual(now)
        for channel in list(door.active_channels.values()):
            if _is_stalled(channel, time.time() - channel.adj.channel_timeout):
                # after this turn of the loop, which is amid its table; a thread that waits is woken
                door.trigger.pull_trigger(channel.handle_close)

    return maintenance


def _is_stalled(channel: HTTPChannel, since: float) -> bool:
    """Whether something waits to be read, and nobody has read since; what is still made does not count."""
    held: int = channel.total_outbufs_len
    waits = held > channel.adj.outbuf_high_watermark if channel.requests else held > 0
    return waits and bool(channel.last_activity < since)
