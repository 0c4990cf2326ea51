"""The turns of the server's loop: each does more at once.

waitress looks at every one of its connections in every turn, and takes in one new one. With hundreds of
connections that would cost more than all that they ask for, and keep a crowd at the door.
"""

from __future__ import annotations

import time
from typing import Any

from waitress import wasyncore
from waitress.server import BaseWSGIServer

MANY, REST_S = 64, 0.002  # with more connections than this, it rests so long between turns
AT_ONCE = 64  # new connections that are taken in in a turn


def sockets_of(server: Any) -> dict[int, Any]:
    """All that the loop of a server looks at, by its file descriptor."""
    found: dict[int, Any] = getattr(server, "map", None) or server._map  # of several addresses or of one
    return found


def doors_of(server: Any) -> list[Any]:
    """Where a server takes in connections: one for each of its addresses."""
    return [each for each in sockets_of(server).values() if isinstance(each, BaseWSGIServer)]


def run(server: Any) -> None:
    """Serve, until an exception that the loop lets through."""
    sockets = sockets_of(server)
    for door in doors_of(server):
        door.handle_accept = _taking_many(door)
    while sockets:
        wasyncore.loop(timeout=1, use_poll=True, map=sockets, count=1)
        if len(sockets) > MANY:
            time.sleep(REST_S)  # in which more than one of them gets something to do


def _taking_many(door: Any) -> Any:
    usual = door.handle_accept

    def handle_accept() -> None:
        for _ in range(AT_ONCE):
            before = len(door._map)
            usual()
            if not before < len(door._map) < door.adj.connection_limit:
                break

    return handle_accept
