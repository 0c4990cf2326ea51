"""Shards: files of many samples each, on any file system that fsspec knows.

A shard is written whole or not at all, and which samples are in it is known beforehand: a run that was
stopped makes the shards that are not there. `run.json` beside them says what they are shards of.
"""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from ..errors import InvalidParameter
from ..media import as_json
from ..zoo import Creation, Zoo
from .archive import END, member
from .orders import Order

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Kind = Literal["tar", "parquet"]
RUN = "run.json"


@dataclass(frozen=True)
class Shard:
    """One shard: the samples of `order`, as the file `name` under `url`."""

    url: str
    name: str
    order: Order

    def make(self, zoo: Zoo) -> int:
        """Make it, whole; returns how many samples it has. Raises what making them raises."""
        order = self.order
        pack = pack_tar if self.name.endswith(".tar") else pack_parquet
        files, root = open_url(self.url)
        data = pack(zoo.generate_many(order.recipes(zoo), order.format, order.size), order)
        write_whole(files, f"{root}/{self.name}", data)
        return len(order.seeds)


class Shards:
    """The shards of an order under `url`, a folder or an address such as s3://bucket/faces.

    Raises InvalidParameter if others are there already.
    """

    def __init__(self, url: str, order: Order, kind: Kind, each: int) -> None:
        self.url, self.order, self.kind, self.each = url, order, kind, each
        self._count = -(-len(order.seeds) // each)
        self._check_run()

    @property
    def missing(self) -> list[int]:
        """The numbers of the shards that are not there."""
        files, root = open_url(self.url)
        present = {path.rpartition("/")[2] for path in files.ls(root, detail=False)}
        return [number for number in range(self._count) if self._name(number) not in present]

    def seeds(self, number: int) -> int:
        """How many samples a shard has."""
        return len(self.shard(number).order.seeds)

    def shard(self, number: int) -> Shard:
        """What is to be made of one."""
        seeds = self.order.seeds[number * self.each : (number + 1) * self.each]
        return Shard(self.url, self._name(number), replace(self.order, seeds=seeds))

    def make_all(self, zoo: Zoo) -> Iterator[int]:
        """Make those that are missing, one after the other; gives the number of samples of each."""
        for number in self.missing:
            yield self.shard(number).make(zoo)
        self.sweep()

    def sweep(self) -> None:
        """All shards are there: remove what was left half written, by whoever may still be at work on it."""
        files, root = open_url(self.url)
        for path in files.ls(root, detail=False):
            if path.rpartition("/")[2].startswith(".shard-"):
                files.rm_file(path)

    def _name(self, number: int) -> str:
        return f"shard-{number:06d}.{self.kind}"

    def _check_run(self) -> None:
        files, root = open_url(self.url)
        files.makedirs(root, exist_ok=True)
        path, run = f"{root}/{RUN}", as_json(self._run())
        if not files.exists(path):
            write_whole(files, path, run)
        elif files.cat_file(path) != run:
            raise InvalidParameter("out", "a place of its own, or the order it was begun with", self.url)

    def _run(self) -> dict[str, Any]:
        order = self.order
        return {
            "model": order.model,
            "params": dict(order.params),
            "format": order.format,
            "size": order.size,
            "seeds": spans(order.seeds) if order.drawn is None else None,
            "drawn": order.drawn,
            "count": len(order.seeds),
            "shards": self._count,
            "samples_each": self.each,
            "kind": self.kind,
        }


def drawn_before(url: str, count: int) -> int | None:
    """The number that the seeds of a run of so many were drawn from under `url`; None if there is none."""
    files, root = open_url(url)
    path = f"{root}/{RUN}"
    if not files.exists(path):
        return None
    run = json.loads(files.cat_file(path))
    return run["drawn"] if run["count"] == count else None


def open_url(url: str) -> tuple[AbstractFileSystem, str]:
    """The file system of an address or a folder, and the path in it; raises InvalidParameter."""
    import fsspec

    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise InvalidParameter(
            "out", f"a folder, or an address whose package is here ({error})", url
        ) from None
    return files, str(root).rstrip("/")


def write_whole(files: AbstractFileSystem, path: str, data: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    if "file" not in files.protocol:
        files.pipe_file(path, data)  # a store of objects has them whole or not at all
        return
    folder, _, name = path.rpartition("/")
    # a name of its own: a cluster may not know yet that a process which it has given up is still writing
    partial = f"{folder}/.{name}.{secrets.token_hex(4)}.partial"
    files.pipe_file(partial, data)
    files.mv(partial, path)


def pack_tar(creations: Iterator[Creation], order: Order) -> bytes:
    """A tar as WebDataset reads it: the sample and its record under one key."""
    buffer = io.BytesIO()
    for creation in creations:
        key = f"{creation.recipe.seed:010d}"
        buffer.write(member(f"{key}.{order.suffix}", creation.data))
        if order.suffix != "json":
            buffer.write(member(f"{key}.json", as_json(creation.record)))
    buffer.write(END)
    return buffer.getvalue()


def pack_parquet(creations: Iterator[Creation], order: Order) -> bytes:
    """A Parquet file: a row for each sample, its bytes and the columns of its recipe."""
    import pyarrow
    from pyarrow import parquet

    rows = [
        {
            "recipe": str(creation.recipe),
            "model": creation.recipe.model,
            "weights": creation.recipe.weights,
            "seed": creation.recipe.seed,
            "params": as_json(dict(creation.recipe.params)).decode(),
            "format": order.format,
            "data": creation.data,
            "record": as_json(creation.record).decode(),
        }
        for creation in creations
    ]
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


def spans(seeds: Sequence[int]) -> str:
    """`[0, 1, 2, 7]` → "0-2,7": seeds as people write them."""
    parts: list[list[int]] = []
    for seed in seeds:
        if parts and seed == parts[-1][1] + 1:
            parts[-1][1] = seed
        else:
            parts.append([seed, seed])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
