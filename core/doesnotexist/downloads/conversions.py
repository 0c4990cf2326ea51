"""Somebody else's format into safetensors, once, by a converter that a plugin brings.

Nothing here reads a pickle: a converter does, in a process of its own that cannot do harm.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ..cards import WeightFile
from ..errors import WeightsInvalid
from ..weights import Converted, Store, measure, read_verified, write_whole
from .download import is_right

Converter = Callable[[Path, Path], object]
"""Reads the file at the first path and writes safetensors at the second, which does not exist.

Raises a WeightsError and writes nothing if the file is not what it should be.
"""


def convert(file: WeightFile, store: Store, converters: Mapping[str, Converter]) -> Path:
    """The safetensors made from a file of the store, made now if that has not been done.

    `converters` are by format. Raises WeightsInvalid, and what the converter raises.
    """
    done = store.runnable(file)
    if done is not None and is_right(store.path(done.sha256), done, store):
        return store.path(done.sha256)
    converter = converter_of(file, converters)
    source = store.place(file.sha256)
    made = source.with_name(f"{file.sha256}.{os.getpid()}.safetensors")
    made.unlink(missing_ok=True)
    try:
        converter(source, made)
        size, sha256 = measure(made)
        target = store.place(sha256)
        made.replace(target)
    finally:
        made.unlink(missing_ok=True)
    name = f"{converter.__module__}.{getattr(converter, '__qualname__', '?')}"
    record = Converted(source=file.sha256, sha256=sha256, size=size, converter=name, date=_today())
    write_whole(store.root, store.record(record.source), record.model_dump_json(indent=2))
    read_verified(target, file.model_copy(update={"size": size, "sha256": sha256}))
    return target


def converter_of(file: WeightFile, converters: Mapping[str, Converter]) -> Converter:
    """What converts a file of this format; raises WeightsInvalid if no plugin does."""
    if file.format not in converters:
        known = ", ".join(sorted(converters)) or "none"
        raise WeightsInvalid(file.name, f"no plugin converts {file.format} (formats that are: {known})")
    return converters[file.format]


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
