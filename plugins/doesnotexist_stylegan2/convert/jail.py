"""The parent's side of a conversion: start the confined reader, wait within limits, put the result in place.

Nothing that the checkpoint says reaches this process but a report of a few hundred bytes, read as JSON.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

import doesnotexist
import doesnotexist_stylegan2
from doesnotexist.confinement import run
from doesnotexist.errors import ConversionRefused, InvalidParameter, WeightsError, WeightsInvalid, quoted

from .limits import MAX_FILE_BYTES

WALL_SECONDS = 120
MAX_CONFIG_BYTES = 1 << 16
_CHILD = "doesnotexist_stylegan2.convert.child"


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

    `config` is lucidrains' configuration file; by default one beside the checkpoint, if there is one.
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
    """The text of the configuration file that lucidrains' code writes beside its checkpoints.

    It is called `.config.json`; who keeps several checkpoints in a folder puts the name of one before it.
    """
    names = (f"{source.stem}.config.json", f"{source.name}.config.json", ".config.json")
    beside = (path for name in names if (path := source.with_name(name)).is_file())
    found = config or next(beside, None)
    if found is None:
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
    packages = [doesnotexist, doesnotexist_stylegan2]
    arguments = [] if config is None else [config]
    ended = run(packages, _CHILD, *arguments, stdin=checkpoint, stdout=part, wall_s=WALL_SECONDS)
    report = ended.report
    if report is None:
        raise WeightsError(f"{_shown(source)}: the reader was stopped ({ended.how}); nothing was written")
    if ended.failed or report.keys() != _REPORTED:
        raise _raised(_shown(source), str(report.get("error")), str(report.get("detail")))
    return report


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
