"""Inside a worker process: it owns the models of one device, and does what its parent sends.

Frames from the parent are lists of jobs of one model. The answer to each is BEGUN, then LOADED
once its model is in memory, then for every job, as soon as it is there, its outcome and the models
that are now in memory. A model that cannot be loaded has outcomes, and no LOADED.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait

from ..generator import Generator
from ..settings import Settings
from ..weights import Store
from .jobs import Job
from .loading import Loader, cores, plugins_of
from .maker import Maker, outcomes_of

READY, BEGUN, LOADED = "ready", "begun", "loaded"

# Pixels a side from which a picture is worth several threads: below, they wait for each other longer
# than they work, and on a busy machine fifteen times as long.
LARGE = 256

IDLE_S = 0.5  # without work, until generators are prepared for what nobody has asked for yet

_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def main(connection: Connection, settings: Settings, device: str, neighbours: int, anew: bool) -> None:
    """Work until the parent closes its end, or is gone. `neighbours`: how many share the processor.

    `anew`: another worker was here before. What it has died of may be what it did unasked, so this one
    does nothing unasked.
    """
    threads = max(1, cores() // neighbours)
    _settle_in(settings.threads or threads)
    plugins = plugins_of(settings)
    unprepared = iter(() if anew else plugins.generators.values())
    loader = Loader(plugins, Store(settings.store), device)
    maker = Maker(loader, settings.model_bytes, lambda: connection.send(LOADED), settings.threads or threads)
    connection.send(READY)
    while (jobs := _next(connection, unprepared)) is not None:
        connection.send(BEGUN)
        _use_threads(settings.threads or (threads if jobs[0].card.resolution >= LARGE else 1))
        for outcome in outcomes_of(maker, jobs):
            connection.send((outcome, maker.loaded))
    os._exit(0)  # not to wait for whatever threads plugins have left


def _next(connection: Connection, unprepared: Iterator[Generator]) -> list[Job] | None:
    """The next batch, None after the last; while there is none, generators are prepared for theirs."""
    try:
        while not connection.poll(IDLE_S) and (generator := next(unprepared, None)):
            with suppress(Exception, SystemExit):  # the plugin wall: load() will fail too, and be heard
                generator.prepare()
        jobs: list[Job] = connection.recv()
    except EOFError:
        return None
    return jobs


def _settle_in(threads: int) -> None:
    # the parent decides when to end: a Ctrl-C in the terminal, or a service manager that ends a
    # whole group, reaches parent and child alike, and requests at work should be finished
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # before anybody imports torch
    os.dup2(2, 1)  # what plugins print is no output of the parent's
    _end_with_the_parent()


def _use_threads(count: int) -> None:
    torch = sys.modules.get("torch")  # not before a model has needed it
    if torch is not None and torch.get_num_threads() != count:
        torch.set_num_threads(count)


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
    if sys.platform == "linux":
        import ctypes

        # the thread above cannot run while native code holds the interpreter's lock for ever
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
