"""A site under steady, mixed load for a while: does anything grow, and does anything fail?

What visitors and programs send: permalinks, fresh pictures, pages, lists, and requests that must be refused.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import count
from random import Random

from load import Answer
from running import print_held, serving

DOMAINS = ("faces", "chemicals")
GROWTH = 0.05  # of memory, at most
WARM_UP_S = 30
# (share, path, expected status); {domain} and {seed} are drawn
MIX = [
    (55, "/d/{domain}/image?seed={seed}", {200}),
    (15, "/d/{domain}/image", {200, 503}),  # fresh; a refusal in a flood is an answer too
    (10, "/d/{domain}/", {200, 503}),
    (5, "/generate/{domain}?seed={seed}&format=json", {200}),
    (5, "/domains", {200}),
    (5, "/generate/{domain}?seed=-1", {400}),
    (5, "/generate/nobody", {404}),
]


def soak(given: argparse.Namespace) -> Counter[str]:
    """A mix at `--rate` a second for `--seconds`; memory, descriptors and threads before and after."""
    expected: dict[str, set[int]] = {}

    def paths() -> Iterator[str]:
        for number in count():
            path, statuses = drawn(Random(number))  # noqa: S311 - to be repeated
            expected[path] = statuses
            yield path

    def fault(path: str, answer: Answer) -> str:
        return "" if answer.status in expected[path] else f"{answer.status} {path}"

    how = {"host": "localhost", "connections": 16, "rate": given.rate, "fault": fault}
    # small caches, which are full before the first reading
    with serving(given.port, ",".join(DOMAINS), media_bytes="2MiB") as site:
        asked = paths()
        site.hammer(asked, seconds=WARM_UP_S, **how)
        before = site.held()
        tally = site.hammer(asked, seconds=given.seconds, **how)
        after = site.held()
    print(tally)
    print_held(before, after)
    if after["memory"] > (1 + GROWTH) * before["memory"]:
        tally.faults["memory has grown"] += 1
    return tally.faults


def drawn(draw: Random) -> tuple[str, set[int]]:
    """One of the mix; a few hundred seeds, some of them often."""
    _, path, expected = draw.choices(MIX, weights=[share for share, *_ in MIX])[0]
    return path.format(domain=draw.choice(DOMAINS), seed=int(draw.expovariate(1 / 60))), expected
