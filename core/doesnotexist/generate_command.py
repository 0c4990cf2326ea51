"""`doesnotexist generate DOMAIN`: one subcommand for each domain, its options from its Params."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from .errors import InvalidParameter, UnknownDomain
from .media import SUFFIXES
from .recipe import MAX_SEED, fresh_seed, parse_seed, parse_seeds

if TYPE_CHECKING:
    from .zoo import Creation, Zoo

# Formats of which many samples may stand in one file, and what ends each.
JOINED = {"smi": b"\n", "json": b"\n", "sdf": b"", "txt": b"\n"}


class GenerateGroup(click.Group):
    """`generate`, whose subcommands are the domains of the installed plugins."""

    def __init__(self) -> None:
        super().__init__("generate", help="Make things that do not exist, as files.")

    def list_commands(self, context: click.Context) -> list[str]:
        return list(context.obj.zoo.plugins.generators)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        zoo: Zoo = context.obj.zoo
        generator = zoo.generator(name)
        about = f"{generator.title}: make one {generator.noun}, or many."
        return click.Command(
            name,
            callback=lambda **given: _generate(zoo, name, **given),
            params=[*_common(zoo, name), *map(_option, generator.params.model_fields.items())],
            help=about,
        )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0].startswith("-"):
            raise UnknownDomain(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def _common(zoo: Zoo, domain: str) -> list[click.Parameter]:
    formats = ", ".join((*zoo.generator(domain).formats, "json"))
    options: dict[str, dict[str, Any]] = {
        "--seed": {"help": f"An integer from 0 to {MAX_SEED}; the same seed, the same sample."},
        "--seeds": {"help": "Several seeds: 0-15,20."},
        "--count": {"type": click.IntRange(1), "help": "How many; from --seed on, or fresh ones."},
        "--model": {"help": "Id of a model, see `doesnotexist models`."},
        "--format": {"help": f"One of {formats}."},
        "--size": {"type": int, "help": "Width in pixels."},
        "--out": {"type": Path, "help": "A file, or a folder for several; - is standard output."},
    }
    listed = click.Option(["--json", "as_json"], is_flag=True, help="Print what was made as JSON.")
    return [*(click.Option([name], **facts) for name, facts in options.items()), listed]


def _option(item: tuple[str, Any]) -> click.Option:
    """An option from a field of Params; its value stays text, for Params to check."""
    name, field = item
    flag = f"--{name.replace('_', '-')}"
    about = field.description or ""
    if field.annotation in (bool, bool | None):
        return click.Option([flag, name], is_flag=True, default=None, help=about)
    default = "" if field.default is None else f"  [default: {field.default}]"
    return click.Option([flag, name], help=f"{about}{default}")


def _generate(
    zoo: Zoo,
    domain: str,
    *,
    seed: str | None,
    seeds: str | None,
    count: int | None,
    model: str | None,
    format: str | None,
    size: int | None,
    out: Path | None,
    as_json: bool,
    **params: object,
) -> None:
    chosen = _seeds(seed, seeds, count)
    given = {name: value for name, value in params.items() if value is not None}
    model = zoo.card(domain, model).reference  # one model for all, whatever happens meanwhile
    first = zoo.recipe(domain, chosen[0], model, given)
    if format is None and out is not None and len(chosen) == 1 and out.suffix:
        format = out.suffix[1:]
    format = zoo.format(first, format)
    recipes = (zoo.recipe(domain, number, model, given) for number in chosen)
    creations = _with_progress(zoo.generate_many(recipes, format, size), len(chosen))
    told = "-"  # standard output is not announced, and a file of many samples only once
    for recipe, path in _write(creations, _Target(out, domain, format, len(chosen))):
        if as_json:
            click.echo(json.dumps({"path": path, **recipe}, ensure_ascii=False))
        elif path != told:
            click.echo(path)
            told = path


def _seeds(seed: str | None, seeds: str | None, count: int | None) -> list[int]:
    if seeds is not None:
        if seed is not None or count is not None:
            raise InvalidParameter("seeds", "no --seed and no --count beside --seeds", seeds)
        return parse_seeds(seeds)
    if seed is None:
        return [fresh_seed() for _ in range(count or 1)]
    start = parse_seed(seed)
    if start + (count or 1) - 1 > MAX_SEED:
        raise InvalidParameter("count", f"seeds up to {MAX_SEED}", count)
    return list(range(start, start + (count or 1)))


class _Target:
    """Where samples go: one file each, or all in one for the formats that can be joined."""

    def __init__(self, out: Path | None, domain: str, format: str, count: int) -> None:
        self.out, self.domain, self.format = out, domain, format
        self.to_stdout = out is not None and str(out) == "-"
        self.one_file = out is not None and not out.is_dir() and bool(out.suffix or count == 1)
        if (self.to_stdout or (self.one_file and count > 1)) and count > 1 and format not in JOINED:
            raise InvalidParameter("out", f"a folder for {count} files of {format}", str(out))
        if self.one_file and out is not None and SUFFIXES.get(out.suffix[1:]) not in (None, format):
            raise InvalidParameter("out", f"a file name that ends in .{format}", str(out))

    def path(self, creation: Creation) -> Path:
        name = f"{creation.recipe.model.replace('/', '-')}-seed{creation.recipe.seed}"
        suffix = "jpg" if self.format == "jpeg" else self.format
        return (self.out or Path()) / f"{name}.{suffix}"


def _write(creations: Iterable[Creation], target: _Target) -> Iterator[tuple[dict[str, Any], str]]:
    """Write each sample as it comes; gives its recipe and the path it was written to."""
    with _joined(target) as stream:
        for creation in creations:
            facts = {"seed": creation.recipe.seed, "recipe": str(creation.recipe)}
            if stream:
                stream.write(creation.data + JOINED.get(target.format, b""))
                yield facts, "-" if target.to_stdout else str(target.out)
            else:
                path = target.path(creation)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(creation.data)
                yield facts, str(path)


@contextmanager
def _joined(target: _Target) -> Iterator[IO[bytes] | None]:
    if target.to_stdout:
        yield sys.stdout.buffer
    elif target.one_file and target.out is not None:
        # beside the target and renamed at the end: an interrupted run leaves the old file whole
        partial = target.out.with_name(f".{target.out.name}.partial")
        try:
            with partial.open("wb") as stream:
                yield stream
            partial.replace(target.out)
        finally:
            partial.unlink(missing_ok=True)
    else:
        yield None


def _with_progress(creations: Iterator[Creation], total: int) -> Iterator[Creation]:
    """The same creations, with a progress bar on a terminal."""
    if total == 1 or not sys.stderr.isatty():
        yield from creations
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(creations, total=total, description="imagining", console=Console(stderr=True))
