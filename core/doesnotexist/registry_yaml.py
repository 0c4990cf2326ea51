"""YAML as plain data, read strictly, with the place of every node.

YAML leaves much to its reader: `0123` may be 83, `no` may be false, the last of two equal keys may
win, a few hundred bytes of aliases may stand for millions of nodes. Here whatever two readers would
read differently is refused, with line and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from .errors import RegistryInvalid, quoted

MAX_BYTES = 1_000_000
MAX_DEPTH = 12  # a model card needs 6
MAX_NODES = 30_000  # a model card has about 60

Data = dict[str, "Data"] | list["Data"] | str | int | float | bool
Loc = tuple[int | str, ...]
Place = tuple[int, int]  # line and column, from 1

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,14}")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,8})\.[0-9]{1,9}")
_WORDS = {"true": True, "false": False}
# Words that are a boolean or nothing to some reader of YAML 1.1 or 1.2.
_AMBIGUOUS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", ""}
_HEX = re.compile(r"[0-9A-Fa-f]{32,}")

# The parser of libyaml gives the same events as the one in Python, ten times faster.
_Parser: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """Plain data, and where each value and each key of a mapping stands."""

    data: Data
    values: dict[Loc, Place] = field(default_factory=dict)
    keys: dict[Loc, Place] = field(default_factory=dict)

    def place(self, loc: Sequence[int | str], of_key: bool = False) -> Place:
        """The place of the node at `loc`, else of the nearest node around it.

        Steps that are no part of the document, such as the name of a union's member, are skipped.
        """
        path: Loc = ()
        for step in loc:
            path = (*path, step) if (*path, step) in self.values else path
        return self.keys.get(path, self.values[path]) if of_key else self.values[path]


def parse(raw: bytes, source: str) -> Document:
    """The one document in `raw`; `source` names it in errors. Raises RegistryInvalid."""
    if len(raw) > MAX_BYTES:
        raise RegistryInvalid(source, f"expected at most {MAX_BYTES} bytes, found more")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RegistryInvalid(source, f"expected UTF-8, found byte {raw[error.start]:#04x}") from None
    try:
        return _Builder(text, source).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = _place(mark) if mark else (0, 0)
        reason = " ".join(filter(None, (error.context, error.problem)))
        raise RegistryInvalid(source, f"no YAML: {reason}", line, column) from None
    except yaml.YAMLError as error:
        raise RegistryInvalid(source, f"no YAML: {str(error).splitlines()[0]}") from None


class _Builder:
    """Builds data from parser events, so that nothing is built before it is checked."""

    def __init__(self, text: str, source: str) -> None:
        # Any: the two parsers share no typed base for their events
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_Parser))
        self._source = source
        self._document = Document({})
        self._nodes = 0

    def document(self) -> Document:
        event = self._next()  # the start of the stream
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            self._refuse(event, "expected a document, found nothing")
        data = self._value(self._next(), ())
        self._next()  # the end of the document
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            self._refuse(event, "expected one document, found a second")
        return Document(data, self._document.values, self._document.keys)

    def _next(self) -> Any:
        return next(self._events)

    def _value(self, event: Any, path: Loc) -> Data:
        self._check_plain(event, path)
        self._document.values[path] = _place(event.start_mark)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event)

    def _check_plain(self, event: Any, path: Loc) -> None:
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(event, "anchors and aliases are not allowed")
        if tag := getattr(event, "tag", None):
            self._refuse(event, f"tags are not allowed, found {quoted(tag)}")
        if len(path) > MAX_DEPTH:
            self._refuse(event, f"nested more than {MAX_DEPTH} deep")
        if self._nodes > MAX_NODES:
            self._refuse(event, f"more than {MAX_NODES} values")

    def _mapping(self, path: Loc) -> Data:
        found: dict[str, Data] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            self._check_plain(event, path)
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "expected text as a key, found a collection")
            key = str(event.value)
            if key in found:
                line = self._document.keys[(*path, key)][0]
                self._refuse(event, f"key {quoted(key)} stands twice, first in line {line}")
            self._document.keys[(*path, key)] = _place(event.start_mark)
            found[key] = self._value(self._next(), (*path, key))
        return found

    def _sequence(self, path: Loc) -> Data:
        found: list[Data] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _scalar(self, event: Any) -> Data:
        text: str = event.value
        if event.style:  # in quotes, or a block of text
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if text.casefold() in _AMBIGUOUS or _HEX.fullmatch(text) or not text[0].isalpha():
            self._refuse(event, f"{quoted(text)} must be in quotes, to be text for every reader of YAML")
        return text

    def _refuse(self, event: Any, reason: str) -> NoReturn:
        raise RegistryInvalid(self._source, reason, *_place(event.start_mark))


def _place(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1
