"""What a StyleGAN2 generator looks like: the numbers that decide every tensor's name and shape.

A weight file carries these numbers as JSON in its safetensors metadata. They are read strictly and the
tensors are checked against `Architecture.shapes()` before any network is built, so that a wrong file costs
one clear error and never a half-made network or a giant allocation.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from doesnotexist.errors import WeightsInvalid, quoted

FORMAT = "doesnotexist-stylegan2/1"
"""Value of the metadata key `format`; a reader refuses any other."""

Shape = tuple[int, ...]

_SUBJECT = "StyleGAN2 architecture"

# Far above every published network (1024 px, 512 channels, 8 layers), far below what would exhaust a machine.
_LIMITS: Mapping[str, tuple[int, int]] = {
    "z_dim": (1, 4096),
    "c_dim": (0, 65536),
    "w_dim": (1, 4096),
    "resolution": (8, 2048),
    "channels": (1, 8),
    "mapping_layers": (1, 32),
    "channel_base": (8, 1 << 20),
    "channel_max": (1, 4096),
}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The architecture of one network; defaults are config-f of Karras et al. 2020 at 1024 px."""

    z_dim: int = 512
    c_dim: int = 0  # number of label classes; 0 is an unconditional network
    w_dim: int = 512
    resolution: int = 1024
    channels: int = 3  # of the picture
    mapping_layers: int = 8
    lr_multiplier: float = 0.01  # of the mapping network: its weights are stored 1/lr_multiplier too big
    channel_base: int = 32768
    channel_max: int = 512
    architecture: str = "skip"
    resample_filter: tuple[float, ...] = (1.0, 3.0, 3.0, 1.0)
    conv_clamp: float | None = None
    use_noise: bool = True
    activation: str = "lrelu"

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            if type(getattr(self, name)) is not int or not low <= getattr(self, name) <= high:
                self._refuse(name, f"an integer from {low} to {high}")
        for name, holds, expected in self._rules():
            if not holds:
                self._refuse(name, expected)

    def _refuse(self, name: str, expected: str) -> None:
        raise WeightsInvalid(_SUBJECT, f"{name}: expected {expected}, found {quoted(getattr(self, name))}")

    def _rules(self) -> Iterator[tuple[str, bool, str]]:
        """Field, whether its rule holds, the rule in words."""
        yield "resolution", self.resolution & (self.resolution - 1) == 0, "a power of two"
        yield "channel_base", self.channel_base >= self.resolution, f"at least {self.resolution}"
        yield "lr_multiplier", _positive(self.lr_multiplier), "a positive number"
        yield "architecture", self.architecture in ("skip", "resnet", "orig"), "'skip', 'resnet' or 'orig'"
        yield "resample_filter", _is_filter(self.resample_filter), "2, 4, 6 or 8 numbers of positive sum"
        yield "conv_clamp", self.conv_clamp is None or _positive(self.conv_clamp), "a positive number or null"
        yield "use_noise", isinstance(self.use_noise, bool), "true or false"
        yield "activation", self.activation in ("lrelu", "relu"), "'lrelu' or 'relu'"

    @property
    def block_resolutions(self) -> tuple[int, ...]:
        """4, 8, … resolution."""
        return tuple(1 << level for level in range(2, self.resolution.bit_length()))

    @property
    def num_ws(self) -> int:
        """How many w vectors steer the synthesis: 2·log2(resolution) − 2."""
        return 2 * len(self.block_resolutions)

    def width(self, resolution: int) -> int:
        """Feature channels at a resolution."""
        return min(self.channel_base // resolution, self.channel_max)

    def has_torgb(self, resolution: int) -> bool:
        """Whether this resolution adds to the picture: every one does with `skip`, else only the last."""
        return self.architecture == "skip" or resolution == self.resolution

    def shapes(self) -> dict[str, Shape]:
        """Name and shape of every tensor of the network, named as NVIDIA's PyTorch networks name them."""
        return dict([*self._mapping_shapes(), *self._synthesis_shapes()])

    def _mapping_shapes(self) -> Iterator[tuple[str, Shape]]:
        features = self.z_dim
        if self.c_dim:
            yield from _linear("mapping.embed", self.c_dim, self.w_dim)
            features += self.w_dim
        for index in range(self.mapping_layers):
            yield from _linear(f"mapping.fc{index}", features, self.w_dim)
            features = self.w_dim
        yield "mapping.w_avg", (self.w_dim,)

    def _synthesis_shapes(self) -> Iterator[tuple[str, Shape]]:
        yield "synthesis.b4.const", (self.width(4), 4, 4)
        for resolution in self.block_resolutions:
            block, wide = f"synthesis.b{resolution}", self.width(resolution)
            if resolution > 4:
                yield from self._layer_shapes(f"{block}.conv0", self.width(resolution // 2), resolution)
            if resolution > 4 and self.architecture == "resnet":
                yield f"{block}.skip.weight", (wide, self.width(resolution // 2), 1, 1)
            yield from self._layer_shapes(f"{block}.conv1", wide, resolution)
            if self.has_torgb(resolution):
                yield from _linear(f"{block}.torgb.affine", self.w_dim, wide)
                yield f"{block}.torgb.weight", (self.channels, wide, 1, 1)
                yield f"{block}.torgb.bias", (self.channels,)

    def _layer_shapes(self, name: str, features: int, resolution: int) -> Iterator[tuple[str, Shape]]:
        wide = self.width(resolution)
        yield from _linear(f"{name}.affine", self.w_dim, features)
        yield f"{name}.weight", (wide, features, 3, 3)
        yield f"{name}.bias", (wide,)
        if self.use_noise:
            yield f"{name}.noise_const", (resolution, resolution)
            yield f"{name}.noise_strength", ()

    def to_metadata(self) -> dict[str, str]:
        """The safetensors metadata that says what the file is."""
        return {"format": FORMAT, "architecture": json.dumps(asdict(self), sort_keys=True)}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Architecture:
        """Read `to_metadata()` back; raises `WeightsInvalid` on anything unknown, missing or out of range."""
        found = metadata.get("format")
        if found != FORMAT:
            raise WeightsInvalid(_SUBJECT, f"expected metadata 'format' {FORMAT!r}, found {found!r}")
        try:
            values = json.loads(metadata.get("architecture", ""))
        except ValueError as error:
            raise WeightsInvalid(_SUBJECT, f"metadata 'architecture' is not JSON: {error}") from error
        return cls(**_checked_fields(values))


def _checked_fields(values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise WeightsInvalid(_SUBJECT, "metadata 'architecture' must be a JSON object")
    known = {field.name for field in fields(Architecture)}
    if values.keys() != known:
        missing, unknown = sorted(known - values.keys()), sorted(values.keys() - known)
        raise WeightsInvalid(_SUBJECT, f"missing fields {missing}, unknown fields {unknown}")
    taps = values["resample_filter"]
    return {**values, "resample_filter": tuple(taps) if isinstance(taps, list) else taps}


def _linear(name: str, features_in: int, features_out: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (features_out, features_in)
    yield f"{name}.bias", (features_out,)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_filter(taps: Any) -> bool:
    return (
        isinstance(taps, tuple) and len(taps) in (2, 4, 6, 8) and all(map(_is_number, taps)) and sum(taps) > 0
    )
