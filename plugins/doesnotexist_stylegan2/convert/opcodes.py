"""Pickle's alphabet: what each opcode is called and how its argument is written, protocols 0 to 5.

Arguments stay views of the file where they can be long. What opcodes mean is the machine's business.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any

from .limits import (
    MAX_INTEGER_BYTES,
    MAX_LINE_BYTES,
    MAX_NAME_BYTES,
    Budget,
    broken,
)
from .values import LongText

Argument = Any

# Only the escapes that Python itself writes in the repr of bytes: any other makes a codec warn.
_REPR = re.compile(rb"""\s*(['"])(?:[^\\]|\\(?:x[0-9a-f]{2}|[\\'"nrt]))*\1\s*""")


class Cursor:
    """A place in the bytes of a file."""

    def __init__(self, data: memoryview, budget: Budget, position: int = 0) -> None:
        self.data, self.budget, self.position = data, budget, position

    def take(self, size: int) -> memoryview:
        """The next `size` bytes, uncopied."""
        end = self.position + size
        if size < 0 or end > len(self.data):
            raise broken(
                f"it ends at byte {len(self.data)}, in the middle of something: cut short or no checkpoint"
            )
        view = self.data[self.position : end]
        self.position = end
        return view

    def number(self, code: str) -> Any:
        """One number written as `struct` code."""
        return struct.unpack(code, self.take(struct.calcsize(code)))[0]

    def line(self) -> bytes:
        """The bytes up to the next end of line."""
        found = bytearray()
        while len(found) <= MAX_LINE_BYTES and self.position < len(self.data):
            chunk = bytes(self.data[self.position : self.position + 4096])
            head, newline, _ = chunk.partition(b"\n")
            self.budget.copy(len(head))
            found += head
            self.position += len(head) + len(newline)
            if newline:
                return bytes(found)
        raise broken("a line without an end: the file is cut short or no checkpoint")


def decode(cursor: Cursor) -> tuple[str, Argument]:
    """Name and argument of the next opcode."""
    cursor.budget.step()
    code = cursor.take(1)[0]
    try:
        name, read = _OPCODES[code]
    except KeyError:
        place = f"byte 0x{code:02x} at {cursor.position - 1}"
        raise broken(f"{place} is no pickle opcode: the file is damaged or no checkpoint") from None
    try:
        return name, read(cursor)
    except (ValueError, OverflowError) as error:  # a text that is no number, or not in its encoding
        raise broken(f"the argument of {name} at byte {cursor.position} cannot be read") from error


def _nothing(_: Cursor) -> None:
    return None


def _number(code: str) -> Callable[[Cursor], Any]:
    return lambda cursor: cursor.number(code)


def _counted(code: str) -> Callable[[Cursor], memoryview]:
    return lambda cursor: cursor.take(cursor.number(code))


def _text(code: str, encoding: str = "utf-8") -> Callable[[Cursor], str | LongText]:
    return lambda cursor: _name(cursor.take(cursor.number(code)), encoding)


def _name(raw: memoryview, encoding: str) -> str | LongText:
    return str(raw, encoding) if len(raw) <= MAX_NAME_BYTES else LongText(raw, encoding)


def _text_line(cursor: Cursor) -> str | LongText:
    return _name(memoryview(cursor.line()), "raw-unicode-escape")


def _quoted_line(cursor: Cursor) -> str | LongText:
    line = cursor.line()
    if len(line) > MAX_NAME_BYTES:
        return LongText(memoryview(line), "repr")
    if not _REPR.fullmatch(line):
        raise broken("an old-style text that is not written as Python writes it")
    return line.strip()[1:-1].decode("unicode_escape")


def _integer_line(cursor: Cursor) -> int | bool:
    line = cursor.line()
    if line in (b"00", b"01"):  # how protocol 0 writes False and True
        return line == b"01"
    if len(line) > 2 * MAX_INTEGER_BYTES:
        raise broken("a number of too many digits")
    return int(line.removesuffix(b"L"))


def _float_line(cursor: Cursor) -> float:
    return float(cursor.line()[:64])


def _long(code: str) -> Callable[[Cursor], int]:
    def read(cursor: Cursor) -> int:
        size = cursor.number(code)
        if size > MAX_INTEGER_BYTES:
            raise broken("a number of too many digits")
        return int.from_bytes(cursor.take(size), "little", signed=True)

    return read


def _two_lines(cursor: Cursor) -> tuple[str, str]:
    return cursor.line()[:MAX_NAME_BYTES].decode(), cursor.line()[:MAX_NAME_BYTES].decode()


_WITHOUT_ARGUMENT = {
    "(": "MARK", ".": "STOP", "0": "POP", "1": "POP_MARK", "2": "DUP", "\x94": "MEMOIZE",
    "N": "NONE", "\x88": "NEWTRUE", "\x89": "NEWFALSE",
    ")": "EMPTY_TUPLE", "t": "TUPLE", "\x85": "TUPLE1", "\x86": "TUPLE2", "\x87": "TUPLE3",
    "]": "EMPTY_LIST", "l": "LIST", "a": "APPEND", "e": "APPENDS",
    "\x8f": "EMPTY_LIST", "\x90": "APPENDS", "\x91": "LIST",  # sets, as lists
    "}": "EMPTY_DICT", "d": "DICT", "s": "SETITEM", "u": "SETITEMS",
    "\x93": "STACK_GLOBAL", "o": "OBJ", "R": "REDUCE", "\x81": "NEWOBJ", "\x92": "NEWOBJ_EX", "b": "BUILD",
    "Q": "BINPERSID", "\x97": "NEXT_BUFFER", "\x98": "READONLY_BUFFER",
}  # fmt: skip

_WITH_ARGUMENT: dict[str, tuple[str, Callable[[Cursor], Argument]]] = {
    "I": ("INT", _integer_line), "L": ("INT", _integer_line), "J": ("INT", _number("<i")),
    "K": ("INT", _number("<B")), "M": ("INT", _number("<H")),
    "\x8a": ("INT", _long("<B")), "\x8b": ("INT", _long("<i")),
    "F": ("FLOAT", _float_line), "G": ("FLOAT", _number(">d")),
    "S": ("TEXT", _quoted_line), "T": ("TEXT", _text("<i", "latin-1")), "U": ("TEXT", _text("<B", "latin-1")),
    "V": ("TEXT", _text_line), "X": ("TEXT", _text("<I")),
    "\x8c": ("TEXT", _text("<B")), "\x8d": ("TEXT", _text("<Q")),
    "B": ("BYTES", _counted("<I")), "C": ("BYTES", _counted("<B")),
    "\x8e": ("BYTES", _counted("<Q")), "\x96": ("BYTES", _counted("<Q")),
    "p": ("PUT", _integer_line), "q": ("PUT", _number("<B")), "r": ("PUT", _number("<I")),
    "g": ("GET", _integer_line), "h": ("GET", _number("<B")), "j": ("GET", _number("<I")),
    "c": ("GLOBAL", _two_lines), "i": ("INST", _two_lines), "P": ("PERSID", _text_line),
    "\x82": ("EXT", _number("<B")), "\x83": ("EXT", _number("<H")), "\x84": ("EXT", _number("<i")),
    "\x80": ("PROTO", _number("<B")), "\x95": ("FRAME", _number("<Q")),
}  # fmt: skip

_OPCODES = {
    **{ord(letter): (name, _nothing) for letter, name in _WITHOUT_ARGUMENT.items()},
    **{ord(letter): row for letter, row in _WITH_ARGUMENT.items()},
}
