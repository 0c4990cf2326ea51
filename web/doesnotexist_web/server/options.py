"""The options of `serve`: the settings of an operator, said as the settings say themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

Command = TypeVar("Command", bound=Callable[..., Any])

# Flags and the setting that each sets, in the order of `--help`.
FLAGS: dict[tuple[str, ...], str] = {
    ("--host",): "host",
    ("--port",): "port",
    ("--base-domain",): "base_domain",
    ("--models",): "models",
    ("--engine", "--workers"): "workers",
    ("--device",): "device",
    ("--threads",): "threads",
    ("--overload",): "overload",
    ("--queue-size",): "queue_size",
    ("--deadline",): "deadline_s",
    ("--pool-bytes",): "pool_bytes",
    ("--media-bytes",): "media_bytes",
    ("--media-cache",): "media_cache",
    ("--media-cache-bytes",): "media_cache_bytes",
    ("--model-bytes",): "model_bytes",
    ("--ray-address",): "ray_address",
    ("--min-replicas",): "min_replicas",
    ("--max-replicas",): "max_replicas",
    ("--status",): "status",
    ("--proxies",): "proxies",
    ("--rate-limit",): "rate_limit",
    ("--log",): "log",
}


def operator_options(usual: dict[str, str]) -> Callable[[Command], Command]:
    """Give a command an option for each of `FLAGS`; `usual` are its own defaults, as in the environment."""
    from doesnotexist.settings import PREFIX, Settings

    def decorate(command: Command) -> Command:
        for flags, name in reversed(FLAGS.items()):
            field = Settings.model_fields[name]
            default = usual.get(PREFIX + name.upper(), field.get_default(call_default_factory=True))
            shown = (
                "" if default in (None, 0, "0") or name == "media_cache" else f"  [default: {_text(default)}]"
            )
            choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
            option = click.option(
                *flags,
                name,
                type=click.Choice(choices)
                if choices
                else click.IntRange(0, 65535)
                if name == "port"
                else str,
                metavar=None if choices else _metavar(name),
                help=f"{_sentence(field.description or '', choices)}{shown}",
            )
            command = option(command)
        return command

    return decorate


def _sentence(text: str, choices: list[str]) -> str:
    """A description as a sentence; a value that it begins with is written as it is typed."""
    begins_with_value = text.partition(",")[0] in (*choices, "auto")
    return f"{text}." if begins_with_value else f"{text[:1].upper()}{text[1:]}."


def _metavar(name: str) -> str:
    if name.endswith("_bytes"):
        return "BYTES"
    whole = {"port", "threads", "queue_size", "min_replicas", "max_replicas", "proxies"}
    return "N" if name in whole else {"deadline_s": "SECONDS", "media_cache": "FOLDER"}.get(name, "TEXT")


def _text(default: object) -> str:
    human = getattr(default, "human_readable", None)
    return str(human(separator="")).replace(".0", "") if human else str(default)
