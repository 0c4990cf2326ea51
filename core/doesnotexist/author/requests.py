"""What the owner of a zoo asked to install: a wheel, a folder, or a package by name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import InstallRefused, InvalidParameter
from .slips import canonical, meant

# A name, and a version if one is wanted. No addresses, no options, no extras: what is installed is
# what is shown, and each of these would bring in something else.
_NAME = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?)(?:==([0-9A-Za-z.!+-]{1,40}))?")


@dataclass(frozen=True)
class Request:
    """One thing to install; `text` is a path, or a requirement such as `doesnotexist-dogs==1.0`."""

    kind: Literal["wheel", "folder", "name"]
    text: str


def parse(text: str, known: Collection[str], as_typed: bool = False) -> Request:
    """What `text` asks for. `known` are the names of plugins that exist.

    Raises InvalidParameter for what is none of the three, and InstallRefused for a bare name that looks
    like a slip, unless it is meant `as_typed`.
    """
    path = Path(text)
    looks_like_path = "/" in text or "\\" in text or text.startswith(".")
    if text.endswith(".whl"):
        if not path.is_file():
            raise InvalidParameter("package", "a wheel that is there", text)
        return Request("wheel", str(path.resolve()))
    if looks_like_path:
        if not (path / "pyproject.toml").is_file():
            raise InvalidParameter("package", "a folder with a pyproject.toml", text)
        return Request("folder", str(path.resolve()))
    found = _NAME.fullmatch(text)
    if not found:
        raise InvalidParameter("package", "NAME, NAME==VERSION, ./FOLDER or FILE.whl", text)
    if path.exists():
        # a bare name where a path was meant would fetch a stranger's package of that name
        raise InstallRefused(text, f"there is a folder of this name here; for that one, write ./{text}")
    if not as_typed:
        _refuse_slips(found[1], known)
    return Request("name", text)


def _refuse_slips(name: str, known: Collection[str]) -> None:
    other = meant(name, known)
    if other:
        advice = "write that, or add --as-typed if you mean what you wrote"
        raise InstallRefused(name, f"looks like a slip for {other}; {advice}")
    if canonical(name) == "doesnotexist":
        raise InstallRefused(name, "is the zoo itself; upgrade it as you installed it")
