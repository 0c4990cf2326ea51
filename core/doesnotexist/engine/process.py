"""A worker in a process of its own: a crash, a hang or an out-of-memory in a plugin costs a restart."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from ..errors import DeadlineExceeded, EngineError, EngineStopped, WorkerDied
from ..settings import Settings
from .child import BEGUN, LOADED, READY, main
from .jobs import Job, Outcome

log = logging.getLogger("doesnotexist.engine")

START_S = 60.0  # to start Python and to import the plugins, on a busy machine
ANSWER_S = 10.0  # for an idle child to say that it has heard
LOAD_S = 120.0  # at least this long to load a model: torch, the weights, on a busy machine
EAGER, EAGER_WITHIN_S = 3, 60.0  # started unasked this often; after that only when there is work

# A forked child would inherit the locks of threads that it does not have, and no usable CUDA.
_SPAWN = multiprocessing.get_context("spawn")
_VMSTAT = Path("/proc/vmstat")
_UNGUARDED = "did not start: a script that uses worker processes needs `if __name__ == '__main__':`"


class Child:
    """A worker whose models live in a child process, started when needed and again when it dies.

    A batch may take `settings.hang_s` seconds once its model is loaded, then the child is taken for
    hung and ended.
    """

    def __init__(self, settings: Settings, device: str, neighbours: int = 1) -> None:
        self._settings, self._device, self._neighbours = settings, device, neighbours
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._starts: deque[float] = deque(maxlen=EAGER)
        self._memory_kills = 0
        self._stopped = False
        self._fell: Callable[[], None] = lambda: None
        self.loaded: tuple[str, ...] = ()
        self.restarts = 0
        atexit.register(self.close)  # before multiprocessing's own, which would wait for it for ever

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def ready(self, fell: Callable[[], None]) -> None:
        self._fell = fell
        if self._alive():
            return
        recent = [at for at in self._starts if time.monotonic() - at < EAGER_WITHIN_S]
        if len(recent) == EAGER:
            return
        try:
            self._start("all")
        except EngineError as error:
            log.warning("%s", error)

    def make(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        left = list(jobs)
        for last in (False, True):
            try:
                for outcome in self._make(left):
                    left = left[1:]
                    yield outcome
                return
            except WorkerDied as death:
                if self._stopped:
                    raise EngineStopped from None
                # ended from outside: what was lost is made again, once
                if death.blamed or last:
                    raise WorkerDied(death.domain, death.reason) from None

    def kill(self) -> None:
        self._stopped = True
        if self._process:
            self._process.kill()

    def close(self) -> None:
        """The child ends by itself when its pipe closes; it is killed if that takes a second."""
        self._stopped = True
        atexit.unregister(self.close)
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.join(1)
            self._process.kill()
            self._process.join()
        self.loaded = ()

    def _make(self, jobs: list[Job]) -> Iterator[Outcome]:
        domain, left = jobs[0].card.domain, len(jobs)
        connection, process = self._begin(jobs)
        with _Patience(process) as patience:
            patience.allow(max(LOAD_S, self._settings.deadline_s))
            try:
                while left:
                    answer = connection.recv()
                    if answer == LOADED:
                        patience.allow(min(self._settings.hang_s, self._settings.deadline_s))
                        continue
                    outcome, self.loaded = answer
                    left -= 1
                    yield outcome
            except Exception as error:  # the wall to the child: no whole frame, and it is lost
                reason = self._end(error)
                if patience.ended:
                    raise DeadlineExceeded(patience.seconds) from None
                raise WorkerDied(domain, reason, blamed=not self._ended_from_outside()) from None

    def _begin(self, jobs: list[Job]) -> tuple[Connection, SpawnProcess]:
        """Hand a batch to the child; one that has died, or does not hear, is replaced first."""
        domain = jobs[0].card.domain
        reason = ""
        for _ in range(2):
            process = self._process if self._alive() else self._start(domain)
            connection = self._connection
            if process is None or connection is None:
                break
            try:
                connection.send(jobs)
                if connection.poll(ANSWER_S) and connection.recv() == BEGUN:
                    return connection, process
                reason = self._end(TimeoutError("did not answer"))
            except (OSError, EOFError) as error:
                reason = self._end(error)
        raise WorkerDied(domain, reason)

    def _alive(self) -> bool:
        # not is_alive(): a process that has ended closes its pipes a moment before it can be waited for
        return self._process is not None and not wait([self._process.sentinel], 0)

    def _start(self, domain: str) -> SpawnProcess:
        """Start a child; raises WorkerDied if it does not get ready."""
        if self._stopped:
            raise EngineStopped
        if self._process:
            self.restarts += 1
            self._end(EOFError())
        self._starts.append(time.monotonic())
        self.loaded = ()
        self._memory_kills = _memory_kills()
        self._connection, theirs = _SPAWN.Pipe()
        arguments = (theirs, self._settings, self._device, self._neighbours, self.restarts > 0)
        process = _SPAWN.Process(target=main, args=arguments, name="doesnotexist worker", daemon=True)
        try:
            with theirs, _no_interrupts():
                process.start()
        except RuntimeError:  # of a child, whose first act is to import the script that has started it
            raise WorkerDied(domain, _UNGUARDED) from None
        self._process = process
        watch = threading.Thread(target=self._watch, args=(process,), name="engine-watch", daemon=True)
        watch.start()
        try:
            if self._connection.poll(START_S) and self._connection.recv() == READY:
                return process
            reason = self._end(TimeoutError("did not start"))
        except (OSError, EOFError) as error:
            reason = self._end(error)
        raise WorkerDied(domain, f"did not start: {reason}")

    def _watch(self, process: SpawnProcess) -> None:
        wait([process.sentinel])
        self._fell()

    def _end(self, error: Exception) -> str:
        """Make sure that the child is gone; returns what it died of."""
        process = self._process
        if process is None:
            return "was not there"
        process.join(1 if isinstance(error, EOFError | OSError) else 0)
        code = process.exitcode
        process.kill()
        process.join()
        if self._connection:
            self._connection.close()
        if code is None:
            return str(error) if isinstance(error, TimeoutError) else "gave what is no answer"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def _ended_from_outside(self) -> bool:
        """Whether somebody killed the child, where the system tells that from running out of memory."""
        killed = self._process is not None and self._process.exitcode == -signal.SIGKILL
        return killed and _VMSTAT.exists() and _memory_kills() == self._memory_kills


class _Patience:
    """Kills a process that is still at work when its time is over; `ended` says that this was done.

    A time limit on reading would not do: a child that stops in the middle of a frame sends no more.
    """

    def __init__(self, process: SpawnProcess) -> None:
        self._process = process
        self._timer: threading.Timer | None = None
        self.seconds, self.ended = 0.0, False

    def __enter__(self) -> _Patience:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def allow(self, seconds: float) -> None:
        """From now on, so many seconds."""
        self._stop()
        self.seconds = seconds
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _end(self) -> None:
        self.ended = True
        self._process.kill()


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """A Ctrl-C must not reach a child before it has said that it does not care."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _memory_kills() -> int:
    """How many processes the system has ended for want of memory; 0 where it does not say."""
    try:
        lines = _VMSTAT.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
