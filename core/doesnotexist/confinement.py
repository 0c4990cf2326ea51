"""A process for what strangers wrote: it can compute, say one line, and no more. Each fence stands alone.

    memory, CPU time, file size                resource limits (POSIX; macOS does not enforce the first)
    network                                    own user and network namespace (Linux, where that is allowed)
    imports, files, sockets, processes, exec   audit hook (everywhere); it cannot be taken off again
    time                                       the parent's clock

The hook is a belt: it sees what Python does, not what native code does. The parent starts the process with
`run` and reads nothing of it but a report of bounded length; the process calls `enter`, imports what it will
need, and calls `lock` before it looks at the first byte.
"""

from __future__ import annotations

import codecs
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO, Any

MAX_REPORT = 2**20  # bytes that are read of what the process says

CODECS = ("ascii", "latin-1", "utf-8", "utf-8-sig", "raw_unicode_escape", "unicode_escape")

# What Python reports of harmless doings; anything else that is reported after `lock` is refused.
HARMLESS = frozenset({"mmap.__new__", "object.__getattr__", "builtins.id"})

# -I: no variable of the environment, no folder of the user and not the current one has a say in imports.
# The folders of our own packages are added if they are not installed; nothing else lies there.
_START = (
    "import sys; from importlib import import_module; "
    "sys.path[:0] = [root for root in sys.argv[1].splitlines() if root not in sys.path]; "
    "sys.exit(import_module(sys.argv[2]).main(*sys.argv[3:]))"
)


class Forbidden(BaseException):
    """What a locked process tried. No Exception, so that no library can swallow it and go on."""


@dataclass(frozen=True)
class Ended:
    """How a confined process ended: with a report, or why without one."""

    report: dict[str, Any] | None
    how: str = ""
    failed: bool = True


def run(
    packages: Sequence[ModuleType],
    module: str,
    *arguments: str,
    stdin: bytes | IO[bytes],
    stdout: IO[bytes] | None = None,
    wall_s: float,
) -> Ended:
    """Run `main(*arguments)` of a module in a process of its own, which must confine itself.

    `packages` are those that it may import besides installed ones. What it writes goes to `stdout`, its
    report is the last line of its standard error.
    """
    roots = "\n".join(str(Path(str(package.__file__)).parents[1]) for package in packages)
    given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    # into a file, whose length the process's own limit bounds, and not into this process's memory
    with tempfile.TemporaryFile() as said:
        try:
            done = subprocess.run(  # noqa: S603  our own interpreter and our own text
                [sys.executable, "-I", "-c", _START, roots, module, *arguments],
                stdout=stdout or subprocess.DEVNULL, stderr=said, timeout=wall_s,
                env=environment(), check=False, **given,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Ended(None, f"not done within {wall_s:g} s")
        said.seek(max(0, said.seek(0, os.SEEK_END) - MAX_REPORT))
        return Ended(_report(said.read(MAX_REPORT)), _ending(done.returncode), done.returncode != 0)


def environment() -> dict[str, str]:
    """Only what an interpreter needs to start; the tokens of the user's shell are no business of a reader."""
    kept = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {name: os.environ[name] for name in kept if name in os.environ} | threads


def _report(said: bytes) -> dict[str, Any] | None:
    try:
        report = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError, RecursionError):
        return None
    return report if isinstance(report, dict) else None


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    if -code in (signal.SIGXCPU, signal.SIGKILL):
        return "ended by the system, out of time or of memory"
    return signal.strsignal(-code) or f"signal {-code}"  # SIGBUS: a mapped file was cut


def tell(report: dict[str, Any]) -> None:
    """In the process: say the report, on a line of its own, whatever a library wrote before."""
    os.write(2, b"\n" + json.dumps(report).encode())


def enter(memory_bytes: int, cpu_s: int, output_bytes: int) -> bool:
    """In the process: take limits and leave the network; whether that was possible.

    Limits are only lowered. Where the platform has none, only the parent's clock remains.
    """
    try:
        import resource
    except ImportError:  # Windows
        return False
    for what, most in [
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_CORE, 0),
    ]:
        hard = resource.getrlimit(what)[1]
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (lowered, lowered))
    return _leave_network()


def _leave_network() -> bool:
    """Move into a network namespace of its own, where there is no network."""
    if not sys.platform.startswith("linux"):
        return False
    new_user, new_network = 0x10000000, 0x40000000  # <linux/sched.h>
    if hasattr(os, "unshare"):  # Python 3.12
        try:
            os.unshare(new_user | new_network)
        except OSError:
            return False
        return True
    import ctypes

    return bool(ctypes.CDLL(None).unshare(new_user | new_network) == 0)


def lock(*also_harmless: str) -> None:
    """In the process: from here on it may compute and write to what it has open, and nothing else.

    `also_harmless` are doings that its libraries report and need, by their names or beginnings.
    """
    for name in CODECS:  # a codec's first use imports it
        codecs.lookup(name)

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event not in HARMLESS and not event.startswith(also_harmless):
            raise Forbidden(f"a confined process may not do {event}")

    sys.addaudithook(refuse)
