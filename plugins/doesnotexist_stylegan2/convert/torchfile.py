"""What `torch.save` writes, both ways, and the plain pickles that hold such streams inside.

zip       archive of data.pkl and one entry per storage (torch 1.6 and later)
legacy    magic number, version, system facts, pickle, list of storage keys, then count and numbers of each
pickle    no container: each tensor brings its own small legacy stream as bytes
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from doesnotexist.errors import quoted

from . import archive, symbols
from .limits import MAX_FILE_BYTES, Budget, broken, named, refused
from .machine import Machine
from .opcodes import Cursor
from .values import Storage, Symbol

Container = Literal["pickle", "zip", "legacy"]

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001

_FIRST_OPCODES = b"\x80(c]})"  # PROTO; before protocol 2, what begins a tuple, a call, a list or a dict


@dataclass
class Storages:
    """The storages that one torch stream has named, by key."""

    named: dict[str, Storage] = field(default_factory=dict)

    def persistent(self, identity: object) -> object:
        """What a persistent id stands for: a storage, or a class that brings its source along."""
        match identity:
            case ("storage", Symbol() as kind, str() as key, _, int() as numel) if numel >= 0:
                return self._storage(kind, key, numel)
            case ("storage", Symbol() as kind, str() as key, _, int() as numel, None) if numel >= 0:
                return self._storage(kind, key, numel)
            case ("module", Symbol() as kind, _, _):
                return kind  # its source file and text, the last two, are dropped unread
        raise refused("a persistent id that is no storage")

    def _storage(self, kind: Symbol, key: str, numel: int) -> Storage:
        dtype = symbols.STORAGES.get(str(kind))
        if dtype is None:
            raise refused(f"a storage of {kind}")
        storage = self.named.setdefault(key, Storage(dtype, numel))
        if (storage.dtype, storage.numel) != (dtype, numel):
            raise broken(f"storage {quoted(key)} is named with two sizes or types")
        return storage


def read(data: memoryview) -> tuple[Container, object]:
    """The value a checkpoint file holds, as inert objects; raises `WeightsInvalid` or `ConversionRefused`."""
    if not data:
        raise broken("the file is empty")
    if len(data) > MAX_FILE_BYTES:
        raise broken(f"the file has {len(data)} bytes, expected at most {MAX_FILE_BYTES}")
    budget = Budget()
    if data[:4] == archive.MAGIC:
        return "zip", _read_zip(data, budget)
    if data[0] not in _FIRST_OPCODES:
        raise broken("neither a pickle nor a ZIP archive: no checkpoint")
    cursor = Cursor(data, budget)
    value = Machine(cursor, {**symbols.CALLS, symbols.NESTED_STREAM: _nested}).load()
    container: Container = "pickle"
    if type(value) is int and value == MAGIC_NUMBER:
        container, value = "legacy", _after_magic(cursor)
    if cursor.position != len(data):
        raise broken(f"{len(data) - cursor.position} bytes follow the end of the checkpoint")
    return container, value


def _read_zip(data: memoryview, budget: Budget) -> object:
    files = dict(_without_folder(archive.entries(data)))
    if "data.pkl" not in files or "constants.pkl" in files:
        raise broken("an archive, but none of torch.save: a TorchScript or other ZIP file")
    if bytes(files.get("byteorder", b"little")[:8]) != b"little":
        raise broken("an archive of big-endian numbers")
    storages = Storages()
    cursor = Cursor(files["data.pkl"], budget)
    value = Machine(cursor, symbols.CALLS, storages.persistent).load()
    for key, storage in storages.named.items():
        if f"data/{key}" not in files:
            raise broken(f"an archive without storage {quoted(key)}")
        storage.fill(files[f"data/{key}"])
    return value


def _without_folder(files: dict[str, memoryview]) -> Iterator[tuple[str, memoryview]]:
    """Entry names without the one folder that torch puts everything in."""
    folders = {name.partition("/")[0] for name in files}
    if len(folders) != 1:
        raise broken("an archive, but none of torch.save: it has no single folder")
    return ((name.partition("/")[2], content) for name, content in files.items())


def _nested(args: tuple[object, ...], budget: Budget) -> object:
    """The stream of one tensor inside a plain pickle. No stream inside it: `CALLS` does not offer that."""
    match args:
        case (memoryview() as data,):
            cursor = Cursor(data, budget)
            if Machine(cursor, symbols.CALLS).load() != MAGIC_NUMBER:
                raise broken("a nested stream that is none of torch.save")
            value = _after_magic(cursor)
            if cursor.position != len(data):
                raise broken("bytes follow the end of a nested stream")
            return value
    raise broken("a nested stream that is no bytes")


def _after_magic(cursor: Cursor) -> object:
    """The rest of a legacy stream."""
    version = Machine(cursor, symbols.CALLS).load()
    system = Machine(cursor, symbols.CALLS).load()
    if version != PROTOCOL_VERSION:
        raise broken(f"torch.save version {named(version)}, expected {PROTOCOL_VERSION}")
    if not isinstance(system, dict) or system.get("little_endian", True) is not True:
        raise broken("a torch stream of big-endian numbers")
    storages = Storages()
    value = Machine(cursor, symbols.CALLS, storages.persistent).load()
    keys = Machine(cursor, symbols.CALLS).load()
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise broken("a torch stream without its list of storages")
    if sorted(keys) != sorted(storages.named):
        raise broken("a torch stream whose list of storages is not the one it uses")
    for key in keys:
        _fill(storages.named[key], cursor)
    return value


def _fill(storage: Storage, cursor: Cursor) -> None:
    if cursor.number("<q") != storage.numel:
        raise broken("a torch stream whose storage has another size than it said")
    storage.fill(cursor.take(storage.numel * storage.dtype.itemsize))
