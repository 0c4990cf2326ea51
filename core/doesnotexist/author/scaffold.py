"""`doesnotexist new`: a complete package for a domain, which passes its own tests as generated."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from ..errors import InvalidParameter
from ..recipe import SLUG
from .starters import starter

KINDS = ("stylegan2", "pixels", "molecule", "custom")
PREFIX = "doesnotexist-"
WEIGHTS = "generator.safetensors"  # as the trainer names it

# Template → where it goes; $package is a folder.
_FILES = {
    "common/pyproject.toml": "pyproject.toml",
    "common/README.md": "README.md",
    "common/LICENSE": "LICENSE",
    "common/gitignore": ".gitignore",
    "common/test.yml": ".github/workflows/test.yml",
    "$kind/plugin.py": "$package/__init__.py",
    "common/registry$without.yaml": "$package/registry.yaml",
    "common/tests$without.py": "tests/test_$module.py",
}
_DEPENDENCIES = {"pixels": ', "numpy>=2"', "molecule": ', "rdkit>=2025.9"', "custom": ', "numpy>=2"'}


@dataclass(frozen=True)
class Names:
    """What a new plugin is called, everywhere; `domain` is a slug."""

    domain: str
    noun: str
    title: str

    @classmethod
    def of(cls, name: str, noun: str | None = None, title: str | None = None) -> Names:
        """From what an author typed: `dogs`, or `doesnotexist-dogs`. Raises InvalidParameter."""
        domain = name.removeprefix(PREFIX)
        if not SLUG.fullmatch(domain):
            raise InvalidParameter(
                "name", "lower-case letters, digits and hyphens, such as night-skies", name
            )
        noun = _printable("noun", noun or _singular(domain.replace("-", " ")))
        title = _printable("title", title or f"This {noun.title()} Does Not Exist")
        names = cls(domain, noun, title)
        if find_spec(names.package):
            raise InvalidParameter("name", f"another name: a package {names.package} is installed", name)
        return names

    @property
    def distribution(self) -> str:
        return PREFIX + self.domain

    @property
    def module(self) -> str:
        return self.domain.replace("-", "_")

    @property
    def package(self) -> str:
        return f"doesnotexist_{self.module}"

    @property
    def kind(self) -> str:
        """The name of its class: NightSkies."""
        name = "".join(part.capitalize() for part in self.domain.split("-"))
        return name if name[0].isalpha() else f"The{name}"


def create(names: Names, kind: str, folder: Path, weights: Path | None = None) -> Path:
    """Write the package into `folder`, which must not exist. Raises InvalidParameter, OSError."""
    if kind not in KINDS:
        raise InvalidParameter("kind", f"one of {', '.join(KINDS)}", kind)
    if folder.exists():
        raise InvalidParameter("out", "a folder that is not there yet", str(folder))
    content = _read_weights(weights) if weights else starter(kind)
    words = _words(names, kind, content)
    places = {"kind": kind, "without": "" if content else "_without_weights"}
    templates = files(__package__).joinpath("templates")
    for source, target in _FILES.items():
        template = templates.joinpath(f"{Template(source).substitute(places)}.tmpl").read_text("utf-8")
        _write(folder / Template(target).substitute(words), Template(template).substitute(words))
    if content:
        (folder / names.package / "weights").mkdir()
        (folder / names.package / "weights" / WEIGHTS).write_bytes(content)
    return folder


def _words(names: Names, kind: str, content: bytes) -> dict[str, str]:
    """What stands for each placeholder of the templates."""
    return {
        "domain": names.domain,
        "noun": names.noun,
        "title": names.title,
        "distribution": names.distribution,
        "module": names.module,
        "package": names.package,
        "kind": names.kind,
        "more": _DEPENDENCIES.get(kind, ""),
        "architecture": kind,
        "weights": WEIGHTS,
        "size": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
        "resolution": str(_resolution(kind, content)),
    }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _read_weights(path: Path) -> bytes:
    """The one safetensors file of a training run's folder, or the file itself."""
    found = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    chosen = next((file for file in found if file.name == WEIGHTS), found[0] if len(found) == 1 else None)
    if chosen is None:
        listed = ", ".join(file.name for file in found) or "no .safetensors"
        raise InvalidParameter("weights", f"a folder with {WEIGHTS}, as `train` writes it", listed)
    content = chosen.read_bytes()
    if not _header(content):
        raise InvalidParameter("weights", "a safetensors file", chosen.name)
    return content


def _header(content: bytes) -> dict[str, object]:
    """The header of a safetensors file: 8 bytes of its length, then JSON. Empty for any other file."""
    size = int.from_bytes(content[:8], "little")
    if not 2 <= size <= len(content) - 8:
        return {}
    try:
        header = json.loads(content[8 : 8 + size])
    except ValueError:
        return {}
    return header if isinstance(header, dict) else {}


def _resolution(kind: str, content: bytes) -> int:
    """The side of the pictures, in pixels; 0 for what is no picture."""
    if kind != "stylegan2":
        return 256 if kind == "pixels" else 0
    metadata = _header(content).get("__metadata__")
    text = metadata.get("architecture", "{}") if isinstance(metadata, dict) else "{}"
    return int(json.loads(text).get("resolution", 0))


def _printable(field: str, text: str) -> str:
    """Text that may stand inside quotes of Python, TOML and YAML as it is."""
    if not text.isprintable() or set(text) & set("\"'\\#:{}$") or not 0 < len(text.strip()) <= 80:
        raise InvalidParameter(field, "a few plain words", text)
    return text.strip()


def _singular(words: str) -> str:
    """One of what an English plural names, where a rule of thumb can tell: `--noun` says it better."""
    for ending, instead in (("ies", "y"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("sses", "ss")):
        if words.endswith(ending) and len(words) > len(ending) + 1:
            return words.removesuffix(ending) + instead
    return words.removesuffix("s") if words.endswith("s") and not words.endswith("ss") else words
