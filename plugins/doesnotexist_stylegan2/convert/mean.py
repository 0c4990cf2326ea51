"""The mean w of a mapping network, for checkpoints that do not store it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.random import RandomState  # here, not when it is first used: the child may not import then
from numpy.typing import NDArray

from ..architecture import Architecture
from .arrays import Floats
from .limits import broken

Doubles = NDArray[np.float64]

MEAN_SAMPLES = 10_000
MAX_MAPPING_WEIGHTS = 1 << 23  # four times any published network's: the cost of the mean grows with them


def mean_w(tensors: Mapping[str, Floats], net: Architecture) -> Floats:
    """(w_dim,) the mean w of many z, and of all labels alike where there are labels

    The mapping network of Karras et al. 2020, with the same z always: same file, same bytes.
    """
    weights = sum(tensor.size for name, tensor in tensors.items() if name.startswith("mapping.fc"))
    if weights > MAX_MAPPING_WEIGHTS:
        raise broken(f"a mapping network of {weights} numbers, too many to work out its mean w")
    z = RandomState(0).randn(MEAN_SAMPLES, net.z_dim)
    with np.errstate(all="ignore"):  # what overflows is refused below
        x = _with_labels(z, tensors, net).astype(np.float32)
        for index in range(net.mapping_layers):
            x = _layer(x, tensors, index, net)
        mean: Floats = x.mean(axis=0, dtype=np.float64).astype(np.float32)
    if not np.isfinite(mean).all():
        raise broken("a mapping network whose mean is not finite")
    return mean


def _with_labels(z: Doubles, tensors: Mapping[str, Floats], net: Architecture) -> Doubles:
    """What goes into the first layer; see `network.Mapping`."""
    if not net.c_dim:
        return _normalised(z)
    embedding = tensors["mapping.embed.weight"].T.astype(np.float64)
    if not net.labels_joined:
        embedding = embedding / np.sqrt(net.c_dim) + tensors["mapping.embed.bias"]
    labels: Doubles = embedding[np.arange(len(z)) % net.c_dim]
    if net.labels_joined:
        return _normalised(np.concatenate([z, labels], axis=1))
    return np.concatenate([_normalised(z), _normalised(labels)], axis=1)


def _normalised(x: Doubles) -> Doubles:
    scaled: Doubles = x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + 1e-8)
    return scaled


def _layer(x: Floats, tensors: Mapping[str, Floats], index: int, net: Architecture) -> Floats:
    weight, bias = tensors[f"mapping.fc{index}.weight"], tensors[f"mapping.fc{index}.bias"]
    rate = net.lr_multiplier
    y = x @ (weight.T * np.float32(rate / np.sqrt(x.shape[1]))) + bias * np.float32(rate)
    slope = np.float32(0.2 if (net.mapping_activation or net.activation) == "lrelu" else 0.0)
    activated: Floats = np.where(y < 0, y * slope, y) * np.float32(np.sqrt(2))
    return activated
