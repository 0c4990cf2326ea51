"""What a wheel would bring, read from the file itself: nothing in it is run."""

from __future__ import annotations

import hashlib
import zipfile
from configparser import ConfigParser
from configparser import Error as IniError
from dataclasses import dataclass
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from ..cards import ModelCard
from ..errors import DoesNotExistError, InstallRefused
from ..plugins import GROUP, OURS
from ..registry import parse_registry
from .slips import canonical

MAX_METADATA = 4 * 2**20  # bytes of a text file in a wheel
COMMANDS = {"doesnotexist"}  # of ours


@dataclass(frozen=True)
class Wheel:
    """A plugin's wheel, looked at: `plugins` are its entry points, `cards` its models."""

    path: Path
    name: str
    version: str
    licence: str
    sha256: str
    plugins: tuple[str, ...]
    cards: tuple[ModelCard, ...]

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains of its models, in their order."""
        return tuple(dict.fromkeys(card.domain for card in self.cards))


def look(path: Path) -> Wheel:
    """Read a wheel's metadata and registry files.

    Raises InstallRefused for one that is no plugin, or that would put files where others' are.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            info = _info_folder(path, names)
            metadata = Parser().parsestr(_text(archive, f"{info}/METADATA"))
            entries = _entries(_text(archive, f"{info}/entry_points.txt", missing=""))
            registries = [n for n in names if n.endswith("registry.yaml")]
            cards = [card for n in registries for card in _cards(archive, n)]
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError, IniError) as error:
        raise InstallRefused(path.name, f"is no readable wheel: {error}") from None
    name = metadata["Name"] or ""
    _refuse(path, name, names, entries)
    licence = metadata["License-Expression"] or metadata["License"] or "none named"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    plugins = tuple(entries.get(GROUP, ()))
    version = metadata["Version"] or ""
    return Wheel(path, name, version, licence.splitlines()[0][:60], digest, plugins, tuple(cards))


def _info_folder(path: Path, names: list[str]) -> str:
    folders = {name.split("/")[0] for name in names if name.split("/")[0].endswith(".dist-info")}
    if len(folders) != 1:
        raise InstallRefused(path.name, "is no wheel: it has not one .dist-info folder")
    return folders.pop()


def _text(archive: zipfile.ZipFile, name: str, missing: str | None = None) -> str:
    if missing is not None and name not in archive.namelist():
        return missing
    try:
        size = archive.getinfo(name).file_size
    except KeyError:
        raise InstallRefused(str(archive.filename), f"has no {name}") from None
    if size > MAX_METADATA:
        raise InstallRefused(str(archive.filename), f"has {size} bytes of {name}")
    return archive.read(name).decode("utf-8")


def _entries(text: str) -> dict[str, dict[str, str]]:
    """Group → name → what it names."""
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign] # names keep their capitals
    parser.read_string(text)
    return {group: dict(parser[group]) for group in parser.sections()}


def _cards(archive: zipfile.ZipFile, name: str) -> tuple[ModelCard, ...]:
    try:
        return parse_registry(_text(archive, name).encode(), name)
    except DoesNotExistError as error:
        raise InstallRefused(Path(str(archive.filename)).name, str(error)) from None


def _refuse(path: Path, name: str, files: list[str], entries: dict[str, dict[str, str]]) -> None:
    """Refuse what is no plugin, and what is more than one."""
    if canonical(name) == OURS:
        raise InstallRefused(name, "is the zoo itself; upgrade it as you installed it")
    if not entries.get(GROUP):
        raise InstallRefused(name or path.name, f"is no plugin: it has no entry point in the group {GROUP}")
    scripts = {**entries.get("console_scripts", {}), **entries.get("gui_scripts", {})}
    if scripts.keys() & COMMANDS:
        raise InstallRefused(name, "would replace the command doesnotexist by its own")
    for file in files:
        top = file.split("/")[0]
        if file.startswith("/") or ".." in file.split("/") or "\\" in file:
            raise InstallRefused(name, f"has a file outside its folder: {file[:80]!r}")
        if file.endswith(".pth"):
            raise InstallRefused(name, f"has {file[:80]!r}, which runs at every start of Python")
    for top in {file.split("/")[0] for file in files}:
        module = top.removesuffix(".py")
        package = module.isidentifier() and module.startswith(OURS)
        if package and find_spec(module) and not _owns(name, module):
            raise InstallRefused(name, f"would write into the package {module}, which is another's")


def _owns(name: str, module: str) -> bool:
    """Whether the installed distribution of this name has that module: then this is an upgrade."""
    try:
        files = distribution(name).files or ()
    except PackageNotFoundError:
        return False
    return any(file.parts[0].removesuffix(".py") == module for file in files)
