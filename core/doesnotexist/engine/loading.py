"""Loading the model of a card: its generator, its files, a device, and how many threads to use."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from ..cards import ModelCard
from ..errors import DeviceMissing, DoesNotExistError, PluginBroken, UnknownDomain
from ..generator import Sampler
from ..plugins import Plugins
from ..settings import Settings
from ..weights import Store

# Where a graphics card shows itself, in Linux and in a Linux inside Windows.
_SIGNS = ("nvidia[0-9]*", "kfd", "dxg")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # "200000 100000": two cores' worth of time


def plugins_of(settings: Settings) -> Plugins:
    """The plugins of this installation that the settings allow."""
    only = settings.plugins
    return Plugins(None if only is None else frozenset(only.split(",")), strict=settings.strict)


class Loader:
    """Gives the loaded model of a card; `device` as in the settings, "auto" included."""

    def __init__(self, plugins: Plugins, store: Store, device: str) -> None:
        self._plugins, self._store, self._device = plugins, store, device

    def __call__(self, card: ModelCard) -> Sampler:
        """Raises WeightsError, DeviceMissing, and PluginBroken for whatever the plugin raises."""
        try:
            generator = self._plugins.generator(card.domain)
        except UnknownDomain:
            advice = "a worker process knows installed plugins only: install it, or set workers to thread"
            raise PluginBroken(card.domain, advice) from None
        files = self._store.read(card)
        device = find_device(self._device)
        try:
            return generator.load(card, files, device)
        except DoesNotExistError:
            raise
        except (Exception, SystemExit) as error:  # the plugin wall: load() may raise anything
            reason = f"load failed: {type(error).__name__}: {error}"
            raise PluginBroken(card.domain, reason) from error


@cache
def find_device(wanted: str) -> str:
    """ "cpu", "cuda", "cuda:1" or "mps" of this machine, for "auto" the best; raises DeviceMissing.

    Imports torch only where there may be something to find.
    """
    if wanted == "cpu" or (wanted == "auto" and not _signs_of_a_device()):
        return "cpu"
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    found = ["cuda", *(f"cuda:{i}" for i in range(count))] if count else []
    found += ["mps"] if torch.backends.mps.is_available() else []
    found.append("cpu")
    if wanted != "auto" and wanted not in found:
        raise DeviceMissing(wanted, ", ".join(found))
    return found[0] if wanted == "auto" else wanted


def _signs_of_a_device() -> bool:
    if sys.platform != "linux":
        return True
    return any(any(Path("/dev").glob(sign)) for sign in _SIGNS)


def cores() -> int:
    """How many cores' time this process may use, as its affinity and its container say."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _QUOTA.read_text().split()
        return max(1, min(count, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no such file, or "max"
        return count
