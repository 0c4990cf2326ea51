"""`doesnotexist generate DOMAIN`: one subcommand for each domain, its options from its Params."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from ..errors import UnknownDomain
from ..recipe import MAX_SEED

if TYPE_CHECKING:
    from ..zoo import Zoo
    from .generating import Way

SHARD = 1000  # samples: 4 MB of the starters' pictures, 300 MB of the largest


class OtherWay(NamedTuple):
    """A flag of one domain's subcommand: what it says of itself, and how samples are made with it."""

    help: str
    make: Way


class GenerateGroup(click.Group):
    """`generate`, whose subcommands are the domains of the installed plugins."""

    def __init__(self) -> None:
        super().__init__("generate", help="Make things that do not exist, as files.")
        self._ways: dict[str, dict[str, OtherWay]] = {}

    def add_way(self, domain: str, word: str, help: str, make: Way) -> None:
        """Let `generate DOMAIN --WORD` make its recipes in another way, into one file.

        For the command line alone: it is no parameter, so neither the site nor a recipe knows of it.
        """
        self._ways.setdefault(domain, {})[word] = OtherWay(help, make)

    def list_commands(self, context: click.Context) -> list[str]:
        return list(context.obj.zoo.plugins.generators)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        zoo: Zoo = context.obj.zoo
        generator = zoo.generator(name)
        ways = self._ways.get(name, {})
        flags = [click.Option([f"--{word}"], is_flag=True, help=way.help) for word, way in ways.items()]
        return click.Command(
            name,
            callback=lambda **given: _generate(zoo, name, ways, **given),
            params=[*_common(zoo, name), *map(_option, generator.params.model_fields.items()), *flags],
            help=f"{generator.title}: make one {generator.noun}, or many.",
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
        "--out": {
            "help": "A file; for several a folder or x.tar, where the same command goes on if it was "
            "stopped; for --shards also an address such as s3://bucket/x; - is standard output."
        },
        "--engine": {
            "type": click.Choice(["thread", "process", "ray"]),
            "help": "Where they are made; ray makes shards on a cluster.",
        },
        "--ray-address": {"help": "Of the cluster, or auto; a Ray of its own if not given."},
        "--shards": {
            "type": click.Choice(["tar", "parquet"]),
            "help": "Write shards: WebDataset archives, or Parquet with columns of the recipe.",
        },
        "--shard-size": {
            "type": click.IntRange(1),
            "default": SHARD,
            "help": f"Samples in a shard.  [default: {SHARD}]",
        },
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
    ways: Mapping[str, OtherWay],
    *,
    seed: str | None,
    seeds: str | None,
    count: int | None,
    model: str | None,
    format: str | None,
    size: int | None,
    out: str | None,
    engine: Literal["thread", "process", "ray"] | None,
    ray_address: str | None,
    shards: Literal["tar", "parquet"] | None,
    shard_size: int,
    as_json: bool,
    **params: object,
) -> None:
    from ..settings import Settings
    from ..zoo import Zoo
    from .generating import Request, generate

    chosen = [way.make for word, way in ways.items() if params.pop(word)]
    given = {name: value for name, value in params.items() if value is not None}
    with ExitStack() as stack:
        wanted = {
            "workers": engine or zoo.settings.workers,
            "ray_address": ray_address or zoo.settings.ray_address,
        }
        if ray_address or wanted["workers"] != zoo.settings.workers:
            settings = Settings.read({}, **{**dict(zoo.settings), **wanted})
            zoo = stack.enter_context(Zoo(settings, zoo.plugins))
        if engine == "ray" and shards is None:
            shards = "tar"
        asked = (domain, seed, seeds, count, model, format, size, out, shards, shard_size, given)
        generate(zoo, Request(*asked, way=chosen[0] if chosen else None), as_json)
