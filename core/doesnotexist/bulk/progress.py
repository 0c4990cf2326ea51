"""How far it is, how fast, how long still: a bar on a terminal, now and then a line in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, Task
    from rich.text import Text

Item = TypeVar("Item")

LINE_S = 30.0  # between two lines of a log


def one(_: object) -> int:
    """What an item counts that is one sample."""
    return 1


def watched(
    items: Iterable[Item], total: int, done: int = 0, weigh: Callable[[Item], int] = one
) -> Iterator[Item]:
    """The same items, told of on standard error; of `total` samples, `done` are there already."""
    if total <= 1:
        return iter(items)
    show = _bar if sys.stderr.isatty() else _lines
    return show(items, total, done, weigh)


def _lines(items: Iterable[Item], total: int, done: int, weigh: Callable[[Item], int]) -> Iterator[Item]:
    started = told = time.monotonic()
    made = 0
    for item in items:
        yield item
        made += weigh(item)
        now = time.monotonic()
        if now - told >= LINE_S:
            told, rate = now, made / (now - started)
            left = (total - done - made) / rate
            line = f"{done + made:,} of {total:,}, {rate:.1f}/s, {_duration(left)} left"
            print(line, file=sys.stderr, flush=True)


def _bar(items: Iterable[Item], total: int, done: int, weigh: Callable[[Item], int]) -> Iterator[Item]:
    with _display() as progress:
        task = progress.add_task("imagining", total=total, completed=done)
        for item in items:
            yield item
            progress.advance(task, weigh(item))


def _display() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _duration(seconds: float) -> str:
    """ "45 s", "13 min", "2 h 5 min" """
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
