"""Save and restore a run, whole: a resumed run goes on as if it had never stopped.

One safetensors file. Its tensors are those of the networks and optimisers, the frozen random mixing without
which the discriminators mean nothing, the moments of the real pictures and the states of the random streams;
its metadata are the counters, and the settings that a resumed run must share.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from doesnotexist.errors import InvalidParameter, WeightsInvalid

from .losses import Moments
from .state import Run
from .transport import Transport

_OPTIMISERS = ("optimise_generator", "optimise_discriminators")


def write(run: Run, path: Path) -> None:
    """Write atomically: a kill at any moment leaves the old file or the new one."""
    tensors = {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in _tensors(run)}
    counters = {"images": str(run.images), "seconds": repr(run.seconds), "best": repr(run.best)}
    metadata = {"settings": _settings(run), **counters}
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        stream.write(save(tensors, metadata))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def restore(run: Run, path: Path) -> None:
    """Bring a fresh run to the state of the file; raises `InvalidParameter` if its settings are others."""
    tensors, metadata = _read(path)
    if metadata.get("settings") != _settings(run):
        raise InvalidParameter(
            "resume", f"the settings of the run, {metadata.get('settings')}", _settings(run)
        )
    for name, module in run.saved.items():
        part = _under(name, tensors)
        if isinstance(module, Moments | Transport):
            module.adopt(part)
            module.to(run.device)
        module.load_state_dict(part)
    for name in _OPTIMISERS:
        _restore_optimiser(getattr(run, name), _under(name, tensors))
    run.batches.order = tensors["order"]
    run.random.set_state(tensors["random"])
    run.images, run.seconds = int(metadata["images"]), float(metadata["seconds"])
    run.best = float(metadata.get("best", "inf"))


def _tensors(run: Run) -> Iterator[tuple[str, Tensor]]:
    for name, module in run.saved.items():
        for key, tensor in module.state_dict().items():
            yield f"{name}.{key}", tensor
    for name in _OPTIMISERS:
        for index, moments in getattr(run, name).state_dict()["state"].items():
            for key, tensor in moments.items():
                yield f"{name}.{index}.{key}", tensor
    yield "order", run.batches.order
    yield "random", run.random.get_state()


def _restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    groups = optimiser.state_dict()["param_groups"]  # settings only: a fresh run has the same
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def _settings(run: Run) -> str:
    facts = {"architecture": run.generator.architecture.to_metadata()["architecture"], "batch": run.batch}
    if run.kind != "projected":
        facts["discriminator"] = run.kind
    return json.dumps({**facts, "pictures": len(run.batches.pictures)}, sort_keys=True)


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise WeightsInvalid(str(path), f"not a checkpoint: {error}") from error


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
