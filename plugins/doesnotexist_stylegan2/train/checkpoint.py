"""Save and restore a run, whole: a resumed run goes on as if it had never stopped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from .state import Run

_MODULES = ("generator", "average", "discriminators", "optimise_generator", "optimise_discriminators")


def save(run: Run, path: Path) -> None:
    """Write atomically: a kill at any moment leaves the old file or the new one."""
    state: dict[str, Any] = {name: getattr(run, name).state_dict() for name in _MODULES}
    # the frozen random mixing belongs to the run; the pretrained features do not, their package has them
    state["projection"] = run.looker.projection.state_dict()
    state["moments"] = run.moments.state_dict()
    state["order"] = run.batches.order
    state["random"] = run.random.get_state()
    state["global_random"] = torch.get_rng_state()
    state["counters"] = {"images": run.images, "seconds": run.seconds}
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        torch.save(state, stream)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def restore(run: Run, path: Path) -> None:
    """Bring a fresh run of the same settings to the state of the file."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    for name in _MODULES:
        getattr(run, name).load_state_dict(state[name])
    run.looker.projection.load_state_dict(state["projection"])
    run.moments.load_moments(state["moments"])
    run.batches.order = state["order"]
    run.random.set_state(state["random"])
    torch.set_rng_state(state["global_random"])
    run.images = state["counters"]["images"]
    run.seconds = state["counters"]["seconds"]
