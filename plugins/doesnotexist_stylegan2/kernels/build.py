"""Compile the engine for this machine, once, and keep the result.

    source + processor + compiler ── name ──> engine-<…>.so in the store, beside it its sha256

The file is checked against its sha256 before it is loaded, since a damaged library kills the process that
loads it, and a new one is tried in a child process before it gets its name, since a compiler may know
instructions that this machine (or its hypervisor) does not have. Without a compiler, a library that an
earlier one made for this source and this processor is still used.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from doesnotexist.settings import Settings
from doesnotexist.weights import make_folder

from .library import Library

SOURCES = Path(__file__).with_name("engine")

_log = logging.getLogger(__name__)

_FLAGS = ("-O3", "-std=c++17", "-fPIC", "-shared", "-pthread", "-fno-math-errno")
# GCC and Clang on x86, Clang on some others, and what every compiler takes.
_FOR_THIS_MACHINE = (("-march=native",), ("-mcpu=native",), ())
_COMPILE_S, _TRIAL_S, _LOCK_S = 300.0, 60.0, 600.0

_TRIAL = "import ctypes, sys; sys.exit(ctypes.CDLL(sys.argv[1]).dne_trial())"


class Unavailable(NamedTuple):
    """The engine cannot be had on this machine."""

    reason: str


@functools.cache
def engine() -> Library | Unavailable:
    """The engine, compiled if need be (some seconds, once per machine); never raises for want of it."""
    found = engine_in(Settings.read().store / "kernels")
    if isinstance(found, Unavailable):
        _log.warning("pictures are made without the fast kernels: %s", found.reason)
    return found


def engine_in(folder: Path) -> Library | Unavailable:
    """The engine kept in `folder`."""
    try:
        make_folder(folder.parent, folder)
        if problem := _open_to_others(folder):
            return Unavailable(problem)
        with FileLock(folder / "build.lock", timeout=_LOCK_S):
            return _kept_or_built(folder)
    except Timeout:
        return Unavailable(f"another process has been compiling in {folder} for too long")
    except OSError as error:
        return Unavailable(f"{folder}: {error.strerror or error}")


def compiler() -> str | None:
    """Path of the C++ compiler: $CXX, or the system's."""
    names = [os.environ.get("CXX", ""), "c++", "g++", "clang++"]
    return next((found for name in names if name and (found := shutil.which(name))), None)


def _kept_or_built(folder: Path) -> Library | Unavailable:
    command = compiler()
    machine = f"engine-{_digest(_source() + _processor().encode())}"
    if command is None:
        kept = [found for path in sorted(folder.glob(f"{machine}-*.so")) if (found := _kept(path))]
        return kept[0] if kept else Unavailable("there is no C++ compiler")
    path = folder / f"{machine}-{_digest(_version(command).encode())}.so"
    return _kept(path) or _built(command, path)


def _kept(path: Path) -> Library | None:
    """The library at `path` if it is there and whole."""
    try:
        content, expected = path.read_bytes(), _note(path).read_text()
    except (OSError, UnicodeDecodeError):
        return None
    if hashlib.sha256(content).hexdigest() != expected.strip():
        _log.warning("%s is damaged; compiling it anew", path)
        return None
    try:
        return Library(path)
    except (OSError, AttributeError):
        return None


def _built(command: str, path: Path) -> Library | Unavailable:
    reason = "no flags were tried"
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="building-") as room:
        for flags in _FOR_THIS_MACHINE:
            part = Path(room) / f"engine{len(flags)}{''.join(flags)}.so"
            reason = _compile(command, flags, part) or _try_out(part) or ""
            if not reason:
                _keep(part, path)
                return _kept(path) or Unavailable(f"{path} could not be loaded")
    return Unavailable(reason)


def _keep(part: Path, path: Path) -> None:
    """The digest goes last: without it, or with another's, the library counts as damaged."""
    _note(path).unlink(missing_ok=True)
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    part.replace(path)
    note = part.with_suffix(".sha256")
    note.write_text(digest + "\n")
    note.replace(_note(path))


def _compile(command: str, flags: tuple[str, ...], out: Path) -> str | None:
    """None, or why it failed."""
    _log.info("compiling the fast kernels for this machine with %s", command)
    return _run(
        [command, *_FLAGS, *flags, str(SOURCES / "engine.cpp"), "-o", str(out)],
        _COMPILE_S,
        "compiling failed",
    )


def _try_out(library: Path) -> str | None:
    """None, or why it failed; in a child, which an unknown instruction may kill."""
    return _run([sys.executable, "-I", "-S", "-c", _TRIAL, str(library)], _TRIAL_S, "the trial failed")


def _run(command: list[str], timeout: float, what: str) -> str | None:
    try:
        done = _output(command, timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{what}: {error}"
    if done.returncode == 0:
        return None
    said = (line for line in done.stderr.splitlines() if "error" in line)
    return f"{what}: {next(said, f'exit code {done.returncode}')}"


def _source() -> bytes:
    """All that is compiled, and how."""
    files = (path for path in sorted(SOURCES.iterdir()) if path.suffix in (".cpp", ".h"))
    return b"".join([*(path.read_bytes() for path in files), repr((_FLAGS, _FOR_THIS_MACHINE)).encode()])


def _version(command: str) -> str:
    """What the compiler says it is, so that a new one compiles anew."""
    try:
        done = _output([command, "--version"], _TRIAL_S)
    except (OSError, subprocess.TimeoutExpired):
        return command
    return f"{os.path.realpath(command)}\n{done.stdout}"


def _output(command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    # The compiler, or this Python: neither comes from a stranger.
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, errors="replace")  # noqa: S603


def _processor() -> str:
    """What -march=native depends on: home folders are shared by machines that differ."""
    lines = "".join(sorted(set(_processor_lines())))
    return f"{platform.system()} {platform.machine()} {platform.processor()} {platform.libc_ver()}\n{lines}"


def _processor_lines() -> Iterator[str]:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return
    for line in text.splitlines():
        if line.split("\t")[0].rstrip() in ("model name", "flags", "Features", "CPU part", "isa"):
            yield line


def _open_to_others(folder: Path) -> str | None:
    """Code is loaded from this folder, so nobody else may write to it."""
    if not hasattr(os, "getuid"):
        return None
    about = folder.stat()
    if about.st_uid != os.getuid() or about.st_mode & 0o022:
        return f"{folder} belongs to, or can be written by, another user"
    return None


def _note(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
