"""pip or uv, whichever serves this environment: fetch a wheel, say what would change, change it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import InstallRefused
from ..plugins import OURS
from .requests import Request
from .sizes import sizes


@dataclass(frozen=True)
class Change:
    """A package that would be installed; `before` is the version that is here now, "" if none is.

    `size` is that of its file in bytes, 0 where nobody tells.
    """

    name: str
    version: str
    before: str = ""
    licence: str = ""
    size: int = 0


class Installer(ABC):
    """What the two have in common; `offline` asks no index."""

    name: str

    def __init__(self, offline: bool = False) -> None:
        self.offline = offline

    @abstractmethod
    def fetch(self, request: Request, folder: Path) -> Path:
        """The wheel of a folder or of a named package, and no wheel besides, in `folder`."""

    @abstractmethod
    def changes(self, wheels: Sequence[Path]) -> list[Change]:
        """What installing these would change; nothing is changed yet."""

    @abstractmethod
    def install(self, wheels: Sequence[Path], again: bool = False) -> None:
        """Install these and what they need; `again`: in place of the same versions, and nothing else."""

    @abstractmethod
    def uninstall(self, names: Sequence[str]) -> None:
        """Remove these and nothing else."""


class Pip(Installer):
    """`python -m pip` of this interpreter."""

    name = "pip"
    command: tuple[str, ...] = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")

    def fetch(self, request: Request, folder: Path) -> Path:
        if request.kind == "folder":
            isolation = ["--no-build-isolation"] if self.offline else []
            self._run(
                "wheel", *isolation, *self._index, "--no-deps", "--wheel-dir", str(folder), request.text
            )
        else:
            # a source distribution would run its own code to be built, before anybody has said yes
            only = ("--only-binary", ":all:", "--no-deps")
            self._run("download", *self._index, *only, "--dest", str(folder), request.text)
        return next(iter(folder.glob("*.whl")))

    def changes(self, wheels: Sequence[Path]) -> list[Change]:
        with _host_stays() as constraint:
            report = self._run(
                "install",
                "--dry-run",
                "--quiet",
                "--report",
                "-",
                *self._index,
                *constraint,
                *map(str, wheels),
            )
        found: dict[str, Any] = json.loads(report[report.index("{") :])
        items = found["install"]
        told = sizes([item["download_info"]["url"] for item in items])
        return [_change(item["metadata"], size) for item, size in zip(items, told, strict=True)]

    def install(self, wheels: Sequence[Path], again: bool = False) -> None:
        options = ["--force-reinstall", "--no-deps"] if again else []
        with _host_stays() as constraint:
            self._run("install", "--quiet", *options, *self._index, *constraint, *map(str, wheels))

    def uninstall(self, names: Sequence[str]) -> None:
        self._run("uninstall", "--quiet", "--yes", *names)

    @property
    def _index(self) -> list[str]:
        return ["--no-index"] if self.offline else []

    def _run(self, *arguments: str) -> str:
        return _run([*self.command, *arguments])


class Uv(Installer):
    """`uv pip` for the environment of this interpreter, which need not have a pip."""

    name = "uv"

    def __init__(self, command: str, offline: bool = False) -> None:
        super().__init__(offline)
        self.command = command

    def fetch(self, request: Request, folder: Path) -> Path:
        if request.kind == "folder":
            isolation = ["--no-build-isolation"] if self.offline else []
            python = ["--python", sys.executable]
            self._run("build", "--wheel", *isolation, *python, "--out-dir", str(folder), request.text)
        else:
            # uv has no `download`; its pip has, and runs in an environment of its own
            only = ("--only-binary", ":all:", "--no-deps", "--dest", str(folder))
            self._run("tool", "run", "--python", sys.executable, "pip", "download", *only, request.text)
        return next(iter(folder.glob("*.whl")))

    def changes(self, wheels: Sequence[Path]) -> list[Change]:
        with _host_stays() as constraint:
            told = self._pip("install", "--dry-run", *self._index, *constraint, *map(str, wheels))
        named = re.findall(r"^ \+ (\S+?)(?:==(\S+)| @ \S+/[^-/]+-([^-/]+)-\S+)$", told, re.MULTILINE)
        return [Change(name, one or other, _installed(name)) for name, one, other in named]

    def install(self, wheels: Sequence[Path], again: bool = False) -> None:
        options = ["--reinstall", "--no-deps"] if again else []
        with _host_stays() as constraint:
            self._pip("install", *options, *self._index, *constraint, *map(str, wheels))

    def uninstall(self, names: Sequence[str]) -> None:
        self._pip("uninstall", *names)

    @property
    def _index(self) -> list[str]:
        return ["--no-index"] if self.offline else []

    def _pip(self, command: str, *arguments: str) -> str:
        return self._run("pip", command, "--python", sys.executable, *arguments)

    def _run(self, *arguments: str) -> str:
        offline = ["--offline"] if self.offline else []
        return _run([self.command, "--no-progress", "--color", "never", *offline, *arguments])


def find_installer(offline: bool = False) -> Installer:
    """pip if this environment has it, else uv. Raises InstallRefused that says what to run by hand."""
    if find_spec("pip"):
        return Pip(offline)
    uv = shutil.which("uv")
    if uv:
        return Uv(uv, offline)
    raise InstallRefused(
        "installer",
        f"this environment has neither pip nor uv; run `{sys.executable} -m ensurepip`, "
        "or install uv, and try again",
    )


@contextmanager
def _host_stays() -> Iterator[list[str]]:
    """Options that keep the zoo itself at its version: a plugin must not replace its host."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "constraints.txt")
        path.write_text(f"{OURS}=={version(OURS)}\n")
        yield ["--constraint", str(path)]


def _change(metadata: dict[str, Any], size: int) -> Change:
    classifiers = [line for line in metadata.get("classifier", ()) if line.startswith("License ::")]
    licence = metadata.get("license_expression") or metadata.get("license") or "".join(classifiers[:1])
    short = licence.strip().splitlines()[0].rpartition("::")[2].strip()[:60] if licence.strip() else ""
    return Change(metadata["name"], metadata["version"], _installed(metadata["name"]), short, size)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _run(command: Sequence[str]) -> str:
    """Standard output and error of a command; raises InstallRefused with its last words."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a list, no shell
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        first = next((i for i, line in enumerate(lines) if line.lower().startswith("error")), len(lines) - 3)
        told = " ".join(lines[max(0, first) :])[:500]
        raise InstallRefused(Path(command[-1]).name, told or "the installer failed without a word")
    return done.stdout + done.stderr
