"""rosinality's stylegan2-pytorch checkpoints: `g_ema`, and `latent_avg` where a converter wrote it.

What its code fixes and the file does not say: lr multiplier 0.01 of the mapping network, leaky ReLU,
`skip`, no clamp.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.random import RandomState

from .arrays import Floats, Numbers, collect, materialise
from .limits import broken
from .network import Converted, Said, assemble, one_of, taps_of
from .torchfile import Container
from .values import Tensor

_LR_MULTIPLIER = 0.01


def is_mine(root: object) -> bool:
    """Whether this is such a checkpoint, or the state dict of its generator alone."""
    return _generator(root) is not None


def _generator(root: object) -> dict[object, object] | None:
    state = root.get("g_ema", root) if isinstance(root, dict) else None
    return state if isinstance(state, dict) and "conv1.conv.modulation.weight" in state else None


def convert(root: object, container: Container) -> Converted:
    """The averaged generator `g_ema`."""
    state = _generator(root)
    if state is None or not isinstance(root, dict):
        raise broken("a checkpoint without g_ema")
    values = collect(_named_tensors(state))
    if isinstance(mean := root.get("latent_avg"), Tensor):
        values["latent_avg"] = mean
    arrays = materialise(values)
    kernels = [value for name, value in arrays.items() if name.endswith(("blur.kernel", "upsample.kernel"))]
    facts = {}
    tensors = collect(_renamed(arrays))
    if not any(name.endswith("noise_const") for name in tensors):
        tensors |= _drawn_noise(tensors)
        facts["noise_const"] = "not in the checkpoint: drawn from RandomState(0), lowest resolution first"
    said = Said(
        activation="lrelu",
        mapping_activation="lrelu",
        lr_multiplier=_LR_MULTIPLIER,
        resample_filter=one_of("the resampling filter", map(taps_of, kernels), (1.0, 3.0, 3.0, 1.0)),
        dimensions={"architecture": "skip"},
        facts=facts,
    )
    return assemble(f"rosinality-{container}", tensors, said)


def _named_tensors(state: Mapping[object, object]) -> Iterator[tuple[str, Numbers]]:
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise broken("a state dict that holds something else than tensors")
        yield name, value


def _renamed(arrays: Mapping[str, Floats]) -> Iterator[tuple[str, Floats]]:
    """NVIDIA's PyTorch name of each tensor, without rosinality's axes of length one."""
    for name, value in arrays.items():
        if name == "latent_avg":
            yield "mapping.w_avg", value.reshape(-1)
        elif not name.endswith(".kernel"):
            yield _name(name), _reshaped(name, value)


def _name(name: str) -> str:
    if match := re.fullmatch(r"style\.([1-9]\d?)\.(weight|bias)", name):
        return f"mapping.fc{int(match[1]) - 1}.{match[2]}"  # style.0 is the normalisation
    if match := re.fullmatch(r"noises\.noise_(\d{1,2})", name):
        return f"synthesis.{_layer(int(match[1]) - 1)}.noise_const"
    layer, _, end = name.partition(".")
    place = {"conv1": "b4.conv1", "to_rgb1": "b4.torgb", "input": "b4"}.get(layer)
    if match := re.fullmatch(r"(convs|to_rgbs)\.(\d{1,2})\.(.*)", name):
        index, end = int(match[2]), match[3]
        place = _layer(index) if match[1] == "convs" else f"b{8 << index}.torgb"
    if place is None or end not in _ENDS:
        return name  # `assemble` refuses it by this name
    return f"synthesis.{place}.{_ENDS[end]}"


_ENDS = {
    "input": "const",
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "activate.bias": "bias",
    "bias": "bias",
    "noise.weight": "noise_strength",
}


def _layer(index: int) -> str:
    """Block and convolution of `convs.{index}`; -1 is the first one, of 4x4."""
    return f"b{4 << (index + 2) // 2}.conv{index % 2}" if index >= 0 else "b4.conv1"


def _reshaped(name: str, value: Floats) -> Floats:
    if name.startswith("noises."):
        return value.reshape(value.shape[2:]) if value.shape[:2] == (1, 1) else value
    if name.endswith((".conv.weight", "input.input")):
        return value.reshape(value.shape[1:]) if value.shape[:1] == (1,) else value
    if name.endswith("noise.weight"):
        return value.reshape(()) if value.size == 1 else value
    if name.endswith(("activate.bias", ".bias")):
        return value.reshape(-1)
    return value


def _drawn_noise(tensors: Mapping[str, Floats]) -> dict[str, Floats]:
    """Old checkpoints have no noise images of their own: their code drew new ones for each picture."""
    random = RandomState(0)
    places = [
        (int(m[2]), m[1])
        for name in tensors
        if (m := re.fullmatch(r"(synthesis\.b(\d+)\.conv\d)\.noise_strength", name))
    ]
    return {
        f"{layer}.noise_const": random.randn(side, side).astype(np.float32)
        for side, layer in sorted(places)
        if side <= 2048
    }
