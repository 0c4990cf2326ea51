"""The parent's side of a conversion: start the confined reader, wait within limits, put the result in place.

Nothing that the checkpoint says reaches this process but a report of a few hundred bytes, read as JSON.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

import doesnotexist
from doesnotexist.errors import ConversionRefused, InvalidParameter, WeightsError, WeightsInvalid, quoted

from .limits import MAX_FILE_BYTES

WALL_SECONDS = 120
MAX_CONFIG_BYTES = 1 << 16

# -I: no variable of the environment, no folder of the user and not the current one has a say in imports.
# The folders of our own packages are added if they are not installed; nothing else lies there.
_START = (
    "import sys; sys.path[:0] = [root for root in sys.argv[1:3] if root not in sys.path]; "
    "from doesnotexist_stylegan2.convert.child import main; sys.exit(main(*sys.argv[3:]))"
)


@dataclass(frozen=True)
class Report:
    """What was converted into what."""

    source: str
    target: str
    source_format: str
    source_sha256: str
    format: str
    architecture: dict[str, Any]
    facts: dict[str, Any]
    tensors: int
    parameters: int
    network: str  # "none": the reader had a network namespace of its own; else what kept it from the network


_REPORTED = {field.name for field in fields(Report)} - {"source", "target"}


def convert_file(source: Path, target: Path, *, force: bool = False, config: Path | None = None) -> Report:
    """Convert a checkpoint to safetensors; the target appears whole or not at all.

    `config` is lucidrains' configuration file; by default the one beside the checkpoint, if there is one.
    Raises `ConversionRefused`, `WeightsInvalid`, `WeightsError`, or `InvalidParameter` for the paths.
    """
    _check_target(target, force)
    with _opened(source) as checkpoint, _part_of(target) as part:
        report = _run(source, checkpoint, part, _config(source, config))
        _check_target(target, force)
    return Report(source=os.fspath(source), target=os.fspath(target), **report)


def _check_target(target: Path, force: bool) -> None:
    if target.suffix != ".safetensors":
        raise InvalidParameter("OUT", "a file name that ends in .safetensors", os.fspath(target))
    if not target.parent.is_dir():
        raise InvalidParameter("OUT", "a file in a folder that exists", os.fspath(target))
    if target.exists() and not (force and target.is_file()):
        raise InvalidParameter("OUT", "a file that does not exist, or --force", os.fspath(target))


def _config(source: Path, config: Path | None) -> str | None:
    """The text of the configuration file that lucidrains' code writes beside its checkpoints."""
    found = config or source.with_name(".config.json")
    if config is None and not found.is_file():
        return None
    if not found.is_file() or found.stat().st_size > MAX_CONFIG_BYTES:
        raise InvalidParameter("--config", f"a file of at most {MAX_CONFIG_BYTES} bytes", os.fspath(found))
    try:
        return found.read_text("utf-8")
    except UnicodeDecodeError:
        raise InvalidParameter("--config", "a file of text", os.fspath(found)) from None


@contextmanager
def _opened(source: Path) -> Iterator[IO[bytes]]:
    """The checkpoint, if it is a plain file: opening a pipe or a device could wait for ever."""
    try:
        found = source.stat()
    except OSError as error:
        raise WeightsInvalid(_shown(source), f"cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise WeightsInvalid(_shown(source), "expected a file, found a folder or a device")
    if not 0 < found.st_size <= MAX_FILE_BYTES:
        raise WeightsInvalid(_shown(source), f"expected 1 to {MAX_FILE_BYTES} bytes, found {found.st_size}")
    try:
        with source.open("rb") as stream:
            yield stream
    except PermissionError as error:
        raise WeightsInvalid(_shown(source), "cannot be read: permission denied") from error


@contextmanager
def _part_of(target: Path) -> Iterator[IO[bytes]]:
    """A new file beside the target, which takes the target's place when all went well."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            os.fsync(stream.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _run(source: Path, checkpoint: IO[bytes], part: IO[bytes], config: str | None) -> dict[str, Any]:
    """The report of a reader that succeeded; raises what it failed with."""
    roots = [str(Path(module).parents[1]) for module in (doesnotexist.__file__, str(Path(__file__).parent))]
    command = [sys.executable, "-I", "-c", _START, *roots, *([config] if config is not None else [])]
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and our own text
            command, stdin=checkpoint, stdout=part, stderr=subprocess.PIPE, timeout=WALL_SECONDS,
            env=_environment(), check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        reason = f"not converted within {WALL_SECONDS} s; the reader was stopped"
        raise WeightsError(f"{_shown(source)}: {reason}") from None
    report = _report(done.stderr)
    if report is None:
        raise WeightsError(f"{_shown(source)}: the reader was stopped ({_ending(done)}); nothing was written")
    if done.returncode or report.keys() != _REPORTED:
        raise _raised(_shown(source), str(report.get("error")), str(report.get("detail")))
    return report


def _environment() -> dict[str, str]:
    """Only what an interpreter needs to start; the tokens of the user's shell are no business of a reader."""
    kept = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {name: os.environ[name] for name in kept if name in os.environ} | threads


def _report(said: bytes) -> dict[str, Any] | None:
    try:
        report = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return report if isinstance(report, dict) else None


def _ending(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode >= 0:
        return f"exit code {done.returncode}"
    # SIGXCPU: its time is used up; SIGKILL: the machine is out of memory; SIGBUS: the checkpoint was cut
    return signal.strsignal(-done.returncode) or f"signal {-done.returncode}"


def _raised(source: str, error: str, detail: str) -> WeightsError:
    detail = "".join(letter if letter.isprintable() else " " for letter in detail)
    if error == ConversionRefused.__name__:
        return ConversionRefused(source, detail)
    if error == WeightsInvalid.__name__:
        return WeightsInvalid(source, detail)
    return WeightsError(f"{source}: {detail}")


def _shown(path: Path) -> str:
    """A path for a message of one line."""
    text = os.fspath(path)
    return text if text.isprintable() else quoted(text, 200)
