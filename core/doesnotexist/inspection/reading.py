"""Questions to the process that reads a stranger's file; nothing of the file is decoded in this one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

import doesnotexist

from ..confinement import run
from ..errors import FileUnread
from ..provenance.credentials import Signature
from ..provenance.marks import Mark
from .comparing import Difference

WALL_S = 30
_CHILD = "doesnotexist.inspection.child"

T = TypeVar("T")
Ask = Callable[..., dict[str, Any]]
"""`ask(question, given)` or `ask(question, given, made)`, as `child.answer` has it."""


@dataclass(frozen=True)
class Look:
    """What a file says of itself, and who says so."""

    mark: Mark
    signature: Signature | None


@dataclass(frozen=True)
class Comparison:
    """How a file differs from what was made: None if that cannot be told.

    `beside`: what it says in other places than ours. `unreadable`: why it could not be decoded.
    """

    difference: Difference | None = None
    beside: tuple[str, ...] = ()
    unreadable: str = ""


def confined(question: dict[str, Any], *files: bytes) -> dict[str, Any]:
    """The answer of a process of its own, which may take so much memory and time; raises FileUnread."""
    head = json.dumps({**question, "sizes": [len(file) for file in files]}).encode()
    ended = run([doesnotexist], _CHILD, stdin=b"\n".join([head, b"".join(files)]), wall_s=WALL_S)
    if ended.report is None:
        raise FileUnread(ended.how)
    return ended.report


def look(data: bytes, format: str, authorities: str, ask: Ask = confined) -> Look:
    """Read the mark and the signature of a file; raises FileUnread."""
    return _checked(Look, ask({"format": format, "authorities": authorities}, data))


def compare(given: bytes, made: bytes, format: str, ask: Ask = confined) -> Comparison:
    """How two files of a format differ in what they show; raises FileUnread."""
    return _checked(Comparison, ask({"format": format}, given, made))


def _checked(kind: type[T], answer: dict[str, Any]) -> T:
    """An answer, if it is one: who has taken a decoder over may say what he likes."""
    if stopped := answer.get("stopped"):
        raise FileUnread(str(stopped)[:200])
    try:
        return TypeAdapter(kind).validate_python(answer)
    except ValidationError:
        raise FileUnread("it was answered in no way that its reader has") from None
