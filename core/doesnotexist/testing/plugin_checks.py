"""What a plugin promises before it makes anything: its import and its package."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any
from unittest import SkipTest

from ..plugins import GROUP
from .child import ask
from .subject import Budget, Guest, Unfit

# Each of these costs more than the whole command line.
HEAVY = {"cv2", "diffusers", "jax", "matplotlib", "onnxruntime", "pandas", "ray", "rdkit", "scipy"}
HEAVY |= {"tensorflow", "torch", "torchvision", "transformers"}
TRIES = 3  # the first import may have to compile the sources


@lru_cache(maxsize=64)
def _watched(plugin: str) -> dict[str, Any]:
    """The import of a plugin in a new process; the quickest of a few where the first is slow."""
    seen: list[dict[str, Any]] = []
    try:
        while len(seen) < TRIES and not (seen and seen[-1]["seconds"] <= Budget.import_s):
            seen.append(ask("import", plugin=plugin))
    except RuntimeError as error:
        raise Unfit(f"it cannot be imported: {error}") from None
    return min(seen, key=lambda one: float(one["seconds"]))


def check_import_is_light(guest: Guest) -> None:
    """Importing it brings no torch, no RDKit and nothing else that is heavy."""
    heavy = HEAVY & set(_watched(guest.plugin)["modules"])
    if heavy:
        raise Unfit(f"its import brings {', '.join(sorted(heavy))}: import that inside load()")


def check_import_is_quick(guest: Guest) -> None:
    """Importing it takes less than 200 ms of processor time on top of the runtime's own."""
    seconds = _watched(guest.plugin)["seconds"]
    if seconds > guest.budget.import_s:
        raise Unfit(f"its import takes {seconds * 1000:.0f} ms, over {guest.budget.import_s * 1000:.0f} ms")


def check_import_is_quiet(guest: Guest) -> None:
    """Importing it asks no network, starts no process, writes no file and prints nothing."""
    seen = _watched(guest.plugin)
    if seen["misdeeds"]:
        raise Unfit(f"its import does more than define things: {'; '.join(seen['misdeeds'][:3])}")
    if seen["printed"]:
        raise Unfit(f"its import prints {seen['printed']!r}")


def check_package_has_licence(guest: Guest) -> None:
    """The installed package says under which licence it is."""
    entry = _installed(guest.plugin)
    if entry is None or entry.dist is None:
        raise SkipTest("it is not installed, so there is no package to look at")
    fields = ("License-Expression", "License", "Classifier")
    told = [line for field in fields for line in entry.dist.metadata.get_all(field) or []]
    if not any(line and ("::" not in line or line.startswith("License ::")) for line in told):
        raise Unfit(f"the package {entry.dist.name} names no licence: set `license` in its pyproject.toml")


def _installed(plugin: str) -> EntryPoint | None:
    return next((entry for entry in entry_points(group=GROUP) if entry.value == plugin), None)
