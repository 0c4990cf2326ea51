"""From the tensors of a StyleGAN2 to its architecture: inferred from shapes, held against its words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import RandomState  # here, not when it is first used: the child may not import then

from doesnotexist.errors import quoted

from ..architecture import Architecture
from .arrays import Floats
from .limits import broken, named

CONVERTER = "doesnotexist-convert/1"
"""Metadata `converter`: raised whenever the same input would give another output."""

MEAN_SAMPLES = 10_000
MAX_MAPPING_WEIGHTS = 1 << 23  # four times any published network's: the cost of the mean grows with them


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a checkpoint says about a network beside its tensors."""

    architecture: str
    activation: str
    lr_multiplier: float
    resample_filter: tuple[float, ...]
    conv_clamp: float | None = None
    dimensions: Mapping[str, object] = field(default_factory=dict)  # z_dim …: must agree with the shapes
    facts: Mapping[str, object] = field(default_factory=dict)  # carried along, for people


@dataclass(frozen=True)
class Converted:
    """A network ready to be written."""

    source_format: str
    tensors: dict[str, Floats]
    metadata: dict[str, str]

    def metadata_with(self, source_sha256: str) -> dict[str, str]:
        """All metadata of the file: what it holds, and where that came from."""
        source = {"source_format": self.source_format, "source_sha256": source_sha256}
        return {**self.metadata, **source, "converter": CONVERTER}


def assemble(source_format: str, tensors: dict[str, Floats], said: Said) -> Converted:
    """The network of tensors with NVIDIA's PyTorch names; raises `WeightsInvalid` if they make no network."""
    facts = dict(said.facts)
    if "mapping.w_avg" not in tensors:
        tensors = {**tensors, "mapping.w_avg": mean_w(tensors, said)}
        facts["w_avg"] = f"not in the checkpoint: mean of {MEAN_SAMPLES} w, z from RandomState(0)"
    architecture = infer(tensors, said)
    _check_shapes(architecture, tensors)
    # safetensors writes the memory behind an array: a transposed view would be written untransposed.
    ordered: dict[str, Floats] = {
        name: np.asarray(tensors[name], order="C") for name in architecture.shapes()
    }
    metadata = {**architecture.to_metadata(), "facts": json.dumps(facts, sort_keys=True)}
    return Converted(source_format, ordered, metadata)


def infer(tensors: Mapping[str, Floats], said: Said) -> Architecture:
    """The architecture that has tensors of these shapes."""
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    widths = _widths(shapes)
    resolution = max(widths)
    classes = _size(shapes, "mapping.embed.weight", 1) if "mapping.embed.weight" in shapes else 0
    w_dim = _size(shapes, "mapping.w_avg", 0)
    base, limit = _channel_table(widths, said.dimensions)
    found = Architecture(
        z_dim=_size(shapes, "mapping.fc0.weight", 1) - (w_dim if classes else 0),
        c_dim=classes,
        w_dim=w_dim,
        resolution=resolution,
        channels=_size(shapes, f"synthesis.b{resolution}.torgb.weight", 0),
        mapping_layers=sum(1 for name in shapes if re.fullmatch(r"mapping\.fc\d+\.weight", name)),
        lr_multiplier=said.lr_multiplier,
        channel_base=base,
        channel_max=limit,
        architecture=said.architecture,
        resample_filter=said.resample_filter,
        conv_clamp=said.conv_clamp,
        use_noise="synthesis.b4.conv1.noise_const" in shapes,
        activation=said.activation,
    )
    for name, value in said.dimensions.items():
        if name not in ("channel_base", "channel_max") and value != getattr(found, name):
            raise broken(f"it says {name} is {named(value)}, but its tensors make it {getattr(found, name)}")
    return found


def _widths(shapes: Mapping[str, tuple[int, ...]]) -> dict[int, int]:
    """Feature channels of each resolution, from the bias of its last convolution."""
    found = {}
    for name, shape in shapes.items():
        if (match := re.fullmatch(r"synthesis\.b([1-9]\d{0,4})\.conv1\.bias", name)) and len(shape) == 1:
            found[int(match[1])] = shape[0]
    if not found:
        raise broken("it holds no StyleGAN2 synthesis network")
    return found


def _size(shapes: Mapping[str, tuple[int, ...]], name: str, axis: int) -> int:
    shape = shapes.get(name, ())
    if axis >= len(shape):
        raise broken(f"tensor {name} is missing or has the wrong shape")
    return shape[axis]


def _channel_table(widths: Mapping[int, int], stated: Mapping[str, object]) -> tuple[int, int]:
    """channel_base and channel_max of width(r) = min(channel_base // r, channel_max)

    Where a range of bases makes the same widths, the stated one is taken if it is in it, else the smallest.
    """
    base, limit = stated.get("channel_base"), stated.get("channel_max")
    if type(base) is int and type(limit) is int and _makes(base, limit, widths):
        return base, limit
    limit = max(widths.values())
    lowest = max(width * resolution for resolution, width in widths.items())
    if not _makes(lowest, limit, widths):
        raise broken(f"its channels, {quoted(widths)}, follow no table min(base // resolution, max)")
    return lowest, limit


def _makes(base: int, limit: int, widths: Mapping[int, int]) -> bool:
    return all(min(base // resolution, limit) == width for resolution, width in widths.items())


def _check_shapes(architecture: Architecture, tensors: Mapping[str, Floats]) -> None:
    expected = architecture.shapes()
    for name in sorted(expected.keys() - tensors.keys()):
        raise broken(f"tensor {name} is missing")
    for name in sorted(tensors.keys() - expected.keys()):
        raise broken(f"tensor {quoted(name)} belongs to no StyleGAN2 generator of this architecture")
    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise broken(f"{name}: expected shape {shape}, found {tensors[name].shape}")


def mean_w(tensors: Mapping[str, Floats], said: Said) -> Floats:
    """(w_dim,) the mean of the mapping network over many z, for checkpoints that do not store it

    The mapping network of Karras et al. 2020, with the same z always: same file, same bytes.
    """
    if "mapping.embed.weight" in tensors:
        raise broken("a conditional network without its mean w, which depends on the labels")
    layers = sum(1 for name in tensors if re.fullmatch(r"mapping\.fc\d+\.weight", name))
    size = _size({name: tensor.shape for name, tensor in tensors.items()}, "mapping.fc0.weight", 1)
    weights = sum(tensor.size for name, tensor in tensors.items() if name.startswith("mapping.fc"))
    if not 0 < size <= 4096 or weights > MAX_MAPPING_WEIGHTS:
        raise broken(f"a mapping network of {weights} numbers, too many to work out its mean w")
    z = RandomState(0).randn(MEAN_SAMPLES, size)
    x = (z / np.sqrt(np.square(z).mean(axis=1, keepdims=True) + 1e-8)).astype(np.float32)
    with np.errstate(all="ignore"):  # what overflows is refused below
        for index in range(layers):
            x = _mapping_layer(x, tensors, index, said)
        mean: Floats = x.mean(axis=0, dtype=np.float64).astype(np.float32)
    if not np.isfinite(mean).all():
        raise broken("a mapping network whose mean is not finite")
    return mean


def _mapping_layer(x: Floats, tensors: Mapping[str, Floats], index: int, said: Said) -> Floats:
    weight, bias = tensors.get(f"mapping.fc{index}.weight"), tensors.get(f"mapping.fc{index}.bias")
    if weight is None or bias is None or weight.shape != (len(bias), x.shape[1]):
        raise broken(f"layer mapping.fc{index} is missing or has the wrong shape")
    rate = said.lr_multiplier
    y = x @ (weight.T * np.float32(rate / np.sqrt(x.shape[1]))) + bias * np.float32(rate)
    slope = np.float32(0.2 if said.activation == "lrelu" else 0.0)
    activated: Floats = np.where(y < 0, y * slope, y) * np.float32(np.sqrt(2))
    return activated


def taps_of(kernel: Floats) -> tuple[float, ...]:
    """The taps of a separable filter, whole numbers if they can be: [1, 3, 3, 1] of its 4x4 outer product."""
    total = float(kernel.sum(dtype=np.float64))
    if kernel.ndim not in (1, 2) or not 0 < kernel.size <= 64 or not 1e-6 < total < 1e6:
        raise broken("a resampling filter of the wrong shape or size")
    line = (kernel if kernel.ndim == 1 else kernel.sum(axis=0)).astype(np.float64) / total
    if kernel.ndim == 2 and not np.allclose(np.outer(line, line), kernel / total, atol=1e-6):
        raise broken("a resampling filter that is not separable")
    scaled = line / min((abs(tap) for tap in line if abs(tap) > 1e-6), default=1.0)
    whole = np.round(scaled)
    return tuple(float(tap) for tap in (whole if np.allclose(scaled, whole, atol=1e-3) else line))


def one_of(what: str, values: Any, default: Any) -> Any:
    """The one value that all parts of a network agree on, or the default if none says any."""
    found = list(dict.fromkeys(values))
    if len(found) > 1:
        raise broken(f"its layers disagree about {what}: {quoted(found)}")
    return found[0] if found else default
