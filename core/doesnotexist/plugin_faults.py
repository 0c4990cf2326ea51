"""What is wrong with a plugin, in one line that its author or the operator can act on."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb
from typing import Literal

from . import hookspecs
from .errors import DoesNotExistError, PluginBroken
from .generator import API_VERSION, Generator, compatible, faults

State = Literal["ready", "disabled", "incompatible", "broken", "conflict"]


def check_spelling(plugin: object) -> None:
    """Raise PluginBroken for a hook that does not exist: pluggy would simply never call it."""
    known = {name for name in vars(hookspecs) if name.startswith("register_")}
    for name in dir(plugin):
        marked = hasattr(getattr(plugin, name, None), f"{hookspecs.hookimpl.project_name}_impl")
        if marked and name not in known:
            raise PluginBroken(name, f"no such hook; hooks are {', '.join(sorted(known))}")


def fault_of(generator: object) -> tuple[State, str] | None:
    """What is wrong with a generator's metadata, None if nothing is."""
    if not isinstance(generator, Generator):
        return "broken", f"register() got {type(generator).__name__}, not a Generator"
    if not compatible(generator):
        version = generator.api_version
        return "incompatible", f"made for contract version {version}, this is {API_VERSION}"
    fault = next(faults(generator), None)
    return ("broken", fault) if fault else None


def claimed_twice(generators: list[Generator]) -> tuple[State, str] | None:
    """What is wrong with generators of one plugin beside each other, None if nothing is."""
    domains = [generator.domain for generator in generators]
    twice = next((domain for domain in domains if domains.count(domain) > 1), None)
    return ("broken", f"registers the domain {twice!r} twice") if twice else None


def told(error: BaseException) -> str:
    """One line about an exception of a plugin."""
    text = " ".join(str(error).split())[:400]
    if isinstance(error, DoesNotExistError):
        return text  # ours are written to be read
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def place(error: BaseException | None) -> str:
    """Where an exception was raised: the last file that is not ours, with its folder and line."""
    if error is None:
        return ""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}:{error.lineno}"
    here = str(Path(__file__).parent)
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename.endswith(".py")]
    theirs = [f for f in frames if not f.filename.startswith(here) and "pluggy" not in f.filename]
    outside = [f for f in theirs if "importlib" not in f.filename]
    return f"{_short(outside[-1].filename)}:{outside[-1].lineno}" if outside else ""


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])
