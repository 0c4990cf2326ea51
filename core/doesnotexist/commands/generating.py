"""What `doesnotexist generate` does: one sample, many in one file, or a collection of them."""

from __future__ import annotations

import json
import secrets
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import click

from ..bulk import (
    Archive,
    FolderOfSamples,
    Order,
    Shards,
    Sink,
    Unfinished,
    collect,
    draw_seeds,
    drawn_before,
    missing,
    watched,
)
from ..errors import InvalidParameter
from ..media import SUFFIXES
from ..recipe import MAX_SEED, Recipe, fresh_seed, parse_seed, parse_seeds
from ..zoo import Creation, Zoo

# Formats of which many samples may stand in one file, and what ends each.
JOINED = {"smi": b"\n", "json": b"\n", "sdf": b"", "txt": b"\n"}

Way = Callable[[Zoo, Iterable[Recipe], str], Iterator[Creation]]
"""How samples of recipes are made in a format, in order; the usual way is `Zoo.generate_many`."""

Place = Literal["stream", "file", "folder", "archive", "shards"]


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line, mostly as text."""

    domain: str
    seed: str | None
    seeds: str | None
    count: int | None
    model: str | None
    format: str | None
    size: int | None
    out: str | None
    shards: Literal["tar", "parquet"] | None
    shard_size: int
    params: Mapping[str, Any]
    way: Way | None = None

    @property
    def single(self) -> bool:
        return self.count in (None, 1) and (self.seeds is None or len(parse_seeds(self.seeds)) == 1)

    @property
    def place(self) -> Place:
        """What kind of place `out` is."""
        out = self.out or "."
        if self.shards or "://" in out:
            return "shards"
        if out == "-":
            return "stream"
        if out.endswith(".tar"):
            return "archive"
        path = Path(out)
        return "file" if not path.is_dir() and (path.suffix or self.single) else "folder"


def generate(zoo: Zoo, request: Request, as_json: bool) -> None:
    """Do it, and print where things are; raises what `Zoo.render` raises, and InvalidParameter."""
    order = _order(zoo, request)
    if request.way and request.place not in ("stream", "file"):
        raise InvalidParameter("out", "one file for samples made in this way", request.out)
    if request.place == "shards":
        _write_shards(zoo, request, order)
    elif request.single or request.place in ("stream", "file"):
        _tell(_write_few(zoo, request, order), as_json)
    else:
        made = _write_many(zoo, request, order)
        if as_json:
            _tell(made, as_json)
        else:
            deque(made, maxlen=0)  # a hundred thousand paths are in the manifest, and no help on a screen
            click.echo(request.out or ".")


def _order(zoo: Zoo, request: Request) -> Order:
    drawn = None
    if request.seeds is not None:
        if request.seed is not None or request.count is not None:
            raise InvalidParameter("seeds", "no --seed and no --count beside --seeds", request.seeds)
        chosen = parse_seeds(request.seeds)
    elif request.seed is not None:
        start, count = parse_seed(request.seed), request.count or 1
        if start + count - 1 > MAX_SEED:
            raise InvalidParameter("count", f"seeds up to {MAX_SEED}", count)
        chosen = list(range(start, start + count))
    elif request.single:
        chosen = [fresh_seed()]
    else:
        drawn = _drawn(request, request.count or 1)
        chosen = draw_seeds(drawn, request.count or 1)
    model = zoo.card(request.domain, request.model).reference  # one for all, whatever happens meanwhile
    first = zoo.recipe(request.domain, chosen[0], model, request.params)
    format = request.format
    if format is None and request.single and request.place == "file" and Path(request.out or "").suffix:
        format = Path(request.out or "").suffix[1:]
    return Order(
        request.domain, model, request.params, zoo.format(first, format), request.size, chosen, drawn
    )


def _drawn(request: Request, count: int) -> int:
    """The number to draw seeds from: that of a run which was stopped there, or a new one."""
    if request.place == "shards":
        before = drawn_before(request.out or ".", count)
        return secrets.randbits(63) if before is None else before
    if request.place in ("folder", "archive"):
        return _unfinished(request).drawn(count)
    return secrets.randbits(63)


def _unfinished(request: Request) -> Unfinished:
    path = Path(request.out or ".")
    return Unfinished(
        path / ".unfinished.json"
        if request.place == "folder"
        else path.with_name(f".{path.name}.unfinished.json")
    )


def _write_shards(zoo: Zoo, request: Request, order: Order) -> None:
    if request.out in (None, "-"):
        raise InvalidParameter("out", "a folder or an address for shards", request.out)
    shards = Shards(str(request.out), order, request.shards or "tar", request.shard_size)
    left = sum(map(shards.seeds, shards.missing))
    if zoo.settings.workers == "ray":
        from ..bulk.tasks import make_on_cluster

        made = make_on_cluster(zoo.settings, shards)
    else:
        made = shards.make_all(zoo)
    total = len(order.seeds)
    for _ in watched(made, total, total - left, weigh=int):
        pass
    click.echo(request.out)


def _write_many(zoo: Zoo, request: Request, order: Order) -> Iterator[tuple[dict[str, Any], str]]:
    path = Path(request.out or ".")
    sink: Sink = Archive(path, order) if request.place == "archive" else FolderOfSamples(path, order)
    done, left = missing(zoo, order, sink)
    for recipe, where in watched(collect(zoo, order, left, sink), len(order.seeds), done):
        yield {"seed": recipe.seed, "recipe": str(recipe)}, where
    if order.drawn is not None:
        _unfinished(request).finish()


def _write_few(zoo: Zoo, request: Request, order: Order) -> Iterator[tuple[dict[str, Any], str]]:
    """One file, which may hold several samples of a format that can be joined, or standard output."""
    path = _file(request, order)
    recipes = order.recipes(zoo)
    creations = (
        zoo.generate_many(recipes, order.format, order.size)
        if request.way is None
        else request.way(zoo, recipes, order.format)
    )
    with _opened(path) as stream:
        for creation in watched(creations, len(order.seeds)):
            stream.write(creation.data + JOINED.get(order.format, b""))
            facts = {"seed": creation.recipe.seed, "recipe": str(creation.recipe)}
            yield facts, str(path or "-")


def _file(request: Request, order: Order) -> Path | None:
    """The file to write; None is standard output. Raises InvalidParameter for one that cannot be."""
    if len(order.seeds) > 1 and order.format not in JOINED:
        raise InvalidParameter("out", f"a folder for {len(order.seeds)} files of {order.format}", request.out)
    if request.place == "stream":
        return None
    if request.place == "file":
        path = Path(request.out or "")
        if SUFFIXES.get(path.suffix[1:]) not in (None, order.format):
            raise InvalidParameter("out", f"a file name that ends in .{order.format}", request.out)
        return path
    name = order.model.partition("@")[0].replace("/", "-")
    return Path(request.out or ".") / f"{name}-seed{order.seeds[0]}.{order.suffix}"


@contextmanager
def _opened(path: Path | None) -> Iterator[IO[bytes]]:
    if path is None:
        yield sys.stdout.buffer
        return
    # beside the target and renamed at the end: an interrupted run leaves the old file whole
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _tell(made: Iterable[tuple[dict[str, Any], str]], as_json: bool) -> None:
    """A line of JSON for each sample, or each place once; standard output is not announced."""
    told = "-"
    for facts, path in made:
        if as_json:
            click.echo(json.dumps({"path": path, **facts}, ensure_ascii=False))
        elif path != told:
            click.echo(path)
            told = path
