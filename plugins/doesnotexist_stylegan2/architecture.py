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
from itertools import pairwise
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
    "resolution": (4, 2048),
    "channels": (1, 8),
    "mapping_layers": (1, 32),
    "channel_base": (4, 1 << 20),
    "channel_max": (1, 4096),
}
# Came later: a file that does not say them means these.
_LATER: Mapping[str, object] = {
    "mapping_activation": None,
    "mapping_width": None,
    "label_width": None,
    "labels_joined": False,
    "channel_table": None,
    "half_blocks": None,
}
_MAX_WIDTH = 4096
_ACTIVATIONS = ("lrelu", "relu")


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The architecture of one network; defaults are config-f of Karras et al. 2020 at 1024 px.

    What files of before the rarer networks do not say has its default there, and is not written either.
    """

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
    mapping_activation: str | None = None  # None: the same as that of the synthesis
    mapping_width: int | None = None  # features between the mapping's layers; None: w_dim
    label_width: int | None = None  # features of the embedded label; None: w_dim
    labels_joined: bool = False  # the first StyleGAN2: z and a label without bias are normalised as one
    channel_table: tuple[int, ...] | None = None  # of each block; None: by channel_base and channel_max
    half_blocks: int | None = None  # trained in half precision, the largest; None: as in NVIDIA's presets

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
        narrow = self.channel_table is None and self.channel_base < self.resolution
        yield "channel_base", not narrow, f"at least {self.resolution}"
        yield "lr_multiplier", _positive(self.lr_multiplier), "a positive number"
        yield "architecture", self.architecture in ("skip", "resnet", "orig"), "'skip', 'resnet' or 'orig'"
        yield "resample_filter", _is_filter(self.resample_filter), "2 to 8 numbers of positive sum"
        yield "conv_clamp", self.conv_clamp is None or _positive(self.conv_clamp), "a positive number or null"
        yield "use_noise", isinstance(self.use_noise, bool), "true or false"
        yield "activation", self.activation in _ACTIVATIONS, "'lrelu' or 'relu'"
        yield from self._later_rules()

    def _later_rules(self) -> Iterator[tuple[str, bool, str]]:
        """The same for the fields that may be absent."""
        activation, blocks = self.mapping_activation, len(self.block_resolutions)
        yield "mapping_activation", activation in (None, *_ACTIVATIONS), "'lrelu', 'relu' or null"
        for name in ("mapping_width", "label_width"):
            width = getattr(self, name)
            yield name, width is None or _is_width(width), f"an integer from 1 to {_MAX_WIDTH} or null"
        yield "labels_joined", isinstance(self.labels_joined, bool), "true or false"
        table = self.channel_table
        listed = isinstance(table, tuple) and len(table) == blocks and all(map(_is_width, table))
        yield "channel_table", table is None or listed, f"{blocks} integers from 1 to {_MAX_WIDTH} or null"
        halves = self.half_blocks
        yield "half_blocks", halves is None or (type(halves) is int and 0 <= halves <= 16), "0 to 16 or null"

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
        if self.channel_table is not None:
            return self.channel_table[resolution.bit_length() - 3]
        return min(self.channel_base // resolution, self.channel_max)

    @property
    def half_from(self) -> int | None:
        """The side from which on the network was trained in half precision; None: it was not.

        NVIDIA's presets have four such blocks, never that of 4x4, where they have a clamp.
        """
        preset = 0 if self.conv_clamp is None else 4
        blocks = preset if self.half_blocks is None else self.half_blocks
        return max(8, 2 * self.resolution >> blocks) if blocks else None

    @property
    def embedded(self) -> int:
        """Features of a label beside z; 0 where there are no labels."""
        return (self.label_width or self.w_dim) if self.c_dim else 0

    def mapping_features(self) -> list[tuple[int, int]]:
        """Features into and out of each layer of the mapping."""
        between = [self.mapping_width or self.w_dim] * (self.mapping_layers - 1)
        return list(pairwise([self.z_dim + self.embedded, *between, self.w_dim]))

    def has_torgb(self, resolution: int) -> bool:
        """Whether this resolution adds to the picture: every one does with `skip`, else only the last."""
        return self.architecture == "skip" or resolution == self.resolution

    def shapes(self) -> dict[str, Shape]:
        """Name and shape of every tensor of the network, named as NVIDIA's PyTorch networks name them."""
        return dict([*self._mapping_shapes(), *self._synthesis_shapes()])

    def _mapping_shapes(self) -> Iterator[tuple[str, Shape]]:
        embedding = dict(_linear("mapping.embed", self.c_dim, self.embedded))
        if self.labels_joined:
            del embedding["mapping.embed.bias"]
        yield from embedding.items() if self.c_dim else ()
        for index, (features_in, features_out) in enumerate(self.mapping_features()):
            yield from _linear(f"mapping.fc{index}", features_in, features_out)
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
        said = {name: value for name, value in asdict(self).items() if value != _LATER.get(name, ...)}
        return {"format": FORMAT, "architecture": json.dumps(said, sort_keys=True)}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Architecture:
        """Read `to_metadata()` back; raises `WeightsInvalid` on anything unknown, missing or out of range."""
        found = metadata.get("format")
        if found != FORMAT:
            raise WeightsInvalid(_SUBJECT, f"expected metadata 'format' {FORMAT!r}, found {found!r}")
        try:
            values = json.loads(metadata.get("architecture", ""))
        except (ValueError, RecursionError) as error:
            raise WeightsInvalid(_SUBJECT, f"metadata 'architecture' is not JSON: {error}") from error
        return cls(**_checked_fields(values))


def _checked_fields(values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise WeightsInvalid(_SUBJECT, "metadata 'architecture' must be a JSON object")
    known = {field.name for field in fields(Architecture)}
    missing, unknown = sorted(known - _LATER.keys() - values.keys()), sorted(values.keys() - known)
    if missing or unknown:
        raise WeightsInvalid(_SUBJECT, f"missing fields {missing}, unknown fields {quoted(unknown)}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _linear(name: str, features_in: int, features_out: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (features_out, features_in)
    yield f"{name}.bias", (features_out,)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_width(value: Any) -> bool:
    return type(value) is int and 1 <= value <= _MAX_WIDTH


def _is_filter(taps: Any) -> bool:
    return isinstance(taps, tuple) and 2 <= len(taps) <= 8 and all(map(_is_number, taps)) and sum(taps) > 0
