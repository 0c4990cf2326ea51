"""From the tensors of a StyleGAN2 to its architecture: inferred from shapes, held against its words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from doesnotexist.errors import quoted

from ..architecture import Architecture
from .arrays import Floats
from .limits import broken, named
from .mean import MEAN_SAMPLES, mean_w

CONVERTER = "doesnotexist-convert/1"
"""Metadata `converter`: raised whenever the same input would give another output."""

_MEAN = "mapping.w_avg"

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a checkpoint says about a network that cannot be seen in its tensors."""

    activation: str
    mapping_activation: str
    lr_multiplier: float
    resample_filter: tuple[float, ...]
    conv_clamp: float | None = None
    labels_joined: bool = False
    half_blocks: int | None = None
    dimensions: Mapping[str, object] = field(default_factory=dict)  # z_dim …: must agree with the tensors
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
    architecture = infer(tensors, said)
    _check_shapes(architecture, tensors)
    if _MEAN not in tensors:
        tensors = {**tensors, _MEAN: mean_w(tensors, architecture)}
        facts["w_avg"] = f"not in the checkpoint: mean of {MEAN_SAMPLES} w, z from RandomState(0)"
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
    resolution, layers = max(widths), _layers(shapes)
    w_dim = _size(shapes, f"mapping.fc{layers - 1}.weight", 0)
    mapping_width = _size(shapes, "mapping.fc0.weight", 0)
    labelled = "mapping.embed.weight" in shapes
    label_width = _size(shapes, "mapping.embed.weight", 0) if labelled else 0
    found = Architecture(
        z_dim=_size(shapes, "mapping.fc0.weight", 1) - label_width,
        c_dim=_size(shapes, "mapping.embed.weight", 1) if labelled else 0,
        w_dim=w_dim,
        resolution=resolution,
        channels=_size(shapes, f"synthesis.b{resolution}.torgb.weight", 0),
        mapping_layers=layers,
        lr_multiplier=said.lr_multiplier,
        architecture=_kind(shapes),
        resample_filter=said.resample_filter,
        conv_clamp=said.conv_clamp,
        use_noise="synthesis.b4.conv1.noise_const" in shapes,
        activation=said.activation,
        mapping_activation=_unless(said.activation, said.mapping_activation),
        mapping_width=_unless(w_dim, mapping_width) if layers > 1 else None,
        label_width=_unless(w_dim, label_width) if labelled else None,
        labels_joined=said.labels_joined,
        **_channel_table(widths, said.dimensions),
    )
    for name, value in said.dimensions.items():
        if name not in ("channel_base", "channel_max") and value != getattr(found, name):
            raise broken(f"it says {name} is {named(value)}, but its tensors make it {getattr(found, name)}")
    return _with_half(found, said.half_blocks)


def _unless(usual: Value, found: Value) -> Value | None:
    """None for what goes without saying."""
    return None if found == usual else found


def _layers(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How many layers the mapping has."""
    return sum(1 for name in shapes if re.fullmatch(r"mapping\.fc\d+\.weight", name))


def _kind(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """A residual branch is `resnet`, colours at each resolution are `skip`, at the last one alone `orig`."""
    if any(name.endswith(".skip.weight") for name in shapes):
        return "resnet"
    return "skip" if "synthesis.b4.torgb.weight" in shapes else "orig"


def _with_half(net: Architecture, blocks: int | None) -> Architecture:
    """How many blocks were trained in half precision, unless that is as many as ever."""
    if blocks is None:
        return net
    usual = sum(side >= net.half_from for side in net.block_resolutions) if net.half_from else 0
    blocks = min(blocks, len(net.block_resolutions) - 1)  # NVIDIA's are never that of 4x4
    return net if blocks == usual else replace(net, half_blocks=blocks)


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


def _channel_table(widths: Mapping[int, int], stated: Mapping[str, object]) -> dict[str, Any]:
    """channel_base and channel_max of width(r) = min(channel_base // r, channel_max), or the table itself

    Where a range of bases makes the same widths, the stated one is taken if it is in it, else the smallest.
    """
    base, limit = stated.get("channel_base"), stated.get("channel_max")
    if type(base) is int and type(limit) is int and _makes(base, limit, widths):
        return {"channel_base": base, "channel_max": limit}
    limit = max(widths.values())
    lowest = max(width * resolution for resolution, width in widths.items())
    found = {"channel_base": lowest, "channel_max": limit}
    if _makes(lowest, limit, widths):
        return found
    return {**found, "channel_table": tuple(width for _, width in sorted(widths.items()))}


def _makes(base: int, limit: int, widths: Mapping[int, int]) -> bool:
    return all(min(base // resolution, limit) == width for resolution, width in widths.items())


def _check_shapes(architecture: Architecture, tensors: Mapping[str, Floats]) -> None:
    expected = architecture.shapes()
    for name in sorted(expected.keys() - tensors.keys() - {_MEAN}):
        raise broken(f"tensor {name} is missing")
    for name in sorted(tensors.keys() - expected.keys()):
        raise broken(f"tensor {quoted(name)} belongs to no StyleGAN2 generator of this architecture")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name]:
            raise broken(f"{name}: expected shape {expected[name]}, found {tensor.shape}")


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
