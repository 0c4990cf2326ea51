"""What a network of lucidrains' kind looks like: read from its file's metadata and its tensors' shapes.

The configuration that decides an architecture lies beside a checkpoint and is often lost, so most of it is
read off the tensors; what the metadata does say must agree with them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from doesnotexist.errors import WeightsInvalid, quoted

from ..architecture import Shape
from ..convert.lucidrains import FORMAT

__all__ = ["ATTENTION_WIDTH", "FORMAT", "HEADS", "Architecture"]

HEADS = 8
ATTENTION_WIDTH = 512  # of queries, keys and values: 8 heads of 64, whatever the layer's width

_SUBJECT = "lucidrains architecture"

_REQUIRED = {"kind", "latent_dim", "style_depth", "image_size", "channels", "version"}
# The configuration's; network_capacity is seen in the tensors, fq_* is the discriminator's.
_OPTIONAL = {
    "lr_mlp",
    "transparent",
    "no_const",
    "attn_layers",
    "network_capacity",
    "fq_layers",
    "fq_dict_size",
}

# As generous as for NVIDIA's networks; upstream's defaults are 512, 8 and 512 channels at most.
_LIMITS: Mapping[str, tuple[int, int]] = {
    "latent_dim": (1, 4096),
    "style_depth": (1, 32),
    "image_size": (8, 2048),
    "channels": (3, 4),
}
_MAX_WIDTH = 4096


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The architecture of one network."""

    latent_dim: int = 512  # of z and of w
    style_depth: int = 8  # layers of the mapping
    widths: tuple[int, ...]  # feature channels of every block, from 4x4 up
    channels: int = 3  # 4: the fourth is opacity
    lr_mlp: float = 0.1
    no_const: bool = False  # whether the 4x4 start is made from w instead of learned
    attention: frozenset[int] = frozenset()  # blocks that begin with it, 0 is the one at 4x4

    @property
    def z_dim(self) -> int:
        """Length of z."""
        return self.latent_dim

    @property
    def w_dim(self) -> int:
        """Length of w."""
        return self.latent_dim

    @property
    def c_dim(self) -> int:
        """Label classes: there are none."""
        return 0

    @property
    def num_ws(self) -> int:
        """How many w vectors steer the synthesis: one a block."""
        return len(self.widths)

    @property
    def resolution(self) -> int:
        """Side of the picture in pixels."""
        return 2 << len(self.widths)

    def features(self, block: int) -> int:
        """Feature channels that come into a block."""
        return self.widths[max(block - 1, 0)]

    def shapes(self) -> dict[str, Shape]:
        """Name and shape of every tensor of the file."""
        start = self.widths[0]
        found: dict[str, Shape] = {}
        for layer in range(self.style_depth):
            found.update(_linear(f"SE.net.{2 * layer}", self.latent_dim, self.latent_dim))
        if self.no_const:
            found["GE.to_initial_block.weight"] = (self.latent_dim, start, 4, 4)
        else:
            found["GE.initial_block"] = (1, start, 4, 4)
        found["GE.initial_conv.weight"] = (start, start, 3, 3)
        found["GE.initial_conv.bias"] = (start,)
        for block in range(self.num_ws):
            found.update(self._block_shapes(block))
        for block in self.attention:
            found.update(_attention(f"GE.attns.{block}", self.features(block)))
        return found

    def blurs(self) -> list[str]:
        """Names of the tensors that hold the filter [1, 2, 1] of the picture's upsampling."""
        return [f"GE.blocks.{block}.to_rgb.upsample.1.f" for block in range(self.num_ws - 1)]

    def _block_shapes(self, block: int) -> Iterator[tuple[str, Shape]]:
        name, wide, features = f"GE.blocks.{block}", self.widths[block], self.features(block)
        for layer, narrow in ((1, features), (2, wide)):
            yield from _linear(f"{name}.to_style{layer}", self.latent_dim, narrow)
            yield from _linear(f"{name}.to_noise{layer}", 1, wide)
            yield f"{name}.conv{layer}.weight", (wide, narrow, 3, 3)
        yield from _linear(f"{name}.to_rgb.to_style", self.latent_dim, wide)
        yield f"{name}.to_rgb.conv.weight", (self.channels, wide, 1, 1)
        if block < self.num_ws - 1:
            yield f"{name}.to_rgb.upsample.1.f", (3,)

    @classmethod
    def of(cls, metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> Architecture:
        """The architecture of a file; raises `WeightsInvalid` if its words and its tensors disagree."""
        said = _said(metadata)
        blocks = said["image_size"].bit_length() - 2
        return cls(
            latent_dim=said["latent_dim"],
            style_depth=said["style_depth"],
            widths=tuple(_width(tensors, block) for block in range(blocks)),
            channels=said["channels"],
            lr_mlp=said.get("lr_mlp", 0.1),  # upstream's default, and its reader's for files that do not say
            no_const=said.get("no_const", "GE.to_initial_block.weight" in tensors),
            attention=_attentive(said.get("attn_layers"), tensors, blocks),
        )


def _said(metadata: Mapping[str, str]) -> dict[str, Any]:
    """The metadata's words, each of its type and in its range."""
    try:
        said = json.loads(metadata.get("architecture", ""))
    except (ValueError, RecursionError) as error:
        raise WeightsInvalid(_SUBJECT, f"metadata 'architecture' is not JSON: {error}") from error
    if not isinstance(said, dict):
        raise WeightsInvalid(_SUBJECT, "metadata 'architecture' must be a JSON object")
    missing, unknown = sorted(_REQUIRED - said.keys()), sorted(said.keys() - _REQUIRED - _OPTIONAL)
    if missing or unknown:
        raise WeightsInvalid(_SUBJECT, f"missing fields {missing}, unknown fields {quoted(unknown)}")
    for name, (low, high) in _LIMITS.items():
        if type(said[name]) is not int or not low <= said[name] <= high:
            _refuse(said, name, f"an integer from {low} to {high}")
    for name, holds, expected in _rules(said):
        if name in said and not holds:
            _refuse(said, name, expected)
    return said


def _rules(said: Mapping[str, Any]) -> Iterator[tuple[str, bool, str]]:
    """Field, whether its rule holds, the rule in words."""
    size, rate, layers = said["image_size"], said.get("lr_mlp"), said.get("attn_layers")
    yield "kind", said["kind"] == "lucidrains", "'lucidrains'"
    yield "image_size", size & (size - 1) == 0, "a power of two"
    positive = isinstance(rate, float | int) and not isinstance(rate, bool) and 0 < rate < math.inf
    yield "lr_mlp", positive, "a positive number"
    yield "no_const", isinstance(said.get("no_const"), bool), "true or false"
    yield "transparent", said.get("transparent") is (said["channels"] == 4), "true for 4 channels, else false"
    whole = isinstance(layers, list) and all(type(layer) is int for layer in layers)
    yield "attn_layers", whole, "a list of integers"


def _refuse(said: Mapping[str, Any], name: str, expected: str) -> None:
    raise WeightsInvalid(_SUBJECT, f"{name}: expected {expected}, found {quoted(said[name])}")


def _width(tensors: Mapping[str, Tensor], block: int) -> int:
    """Feature channels that a block gives."""
    name = f"GE.blocks.{block}.conv1.weight"
    if name not in tensors:
        raise WeightsInvalid(_SUBJECT, f"missing tensor {name}")
    shape = tuple(tensors[name].shape)
    if len(shape) != 4 or not 1 <= shape[0] <= _MAX_WIDTH:
        raise WeightsInvalid(_SUBJECT, f"{name}: expected (1 to {_MAX_WIDTH}, …, 3, 3), found {shape}")
    return shape[0]


def _attentive(layers: list[int] | None, tensors: Mapping[str, Tensor], blocks: int) -> frozenset[int]:
    """The blocks that begin with attention; the configuration counts layers from the last block, from 1."""
    if layers is not None:  # the discriminator has a layer more
        return frozenset(blocks - layer for layer in layers if 1 <= layer <= blocks)
    seen = {name.split(".")[2] for name in tensors if name.startswith("GE.attns.")}
    return frozenset(block for block in range(blocks) if str(block) in seen)


def _linear(name: str, features_in: int, features_out: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (features_out, features_in)
    yield f"{name}.bias", (features_out,)


def _attention(name: str, wide: int) -> Iterator[tuple[str, Shape]]:
    """The attention layer and the two pointwise layers after it, each with its normalisation."""
    for part in (0, 1):
        yield f"{name}.{part}.fn.norm.g", (1, wide, 1, 1)
        yield f"{name}.{part}.fn.norm.b", (1, wide, 1, 1)
    yield f"{name}.0.fn.fn.to_q.weight", (ATTENTION_WIDTH, wide, 1, 1)
    yield f"{name}.0.fn.fn.to_kv.net.0.weight", (wide, 1, 3, 3)
    yield f"{name}.0.fn.fn.to_kv.net.1.weight", (2 * ATTENTION_WIDTH, wide, 1, 1)
    yield f"{name}.0.fn.fn.to_out.weight", (wide, ATTENTION_WIDTH, 1, 1)
    yield f"{name}.0.fn.fn.to_out.bias", (wide,)
    for layer, (narrow, broad) in ((0, (wide, 2 * wide)), (2, (2 * wide, wide))):
        yield f"{name}.1.fn.fn.{layer}.weight", (broad, narrow, 1, 1)
        yield f"{name}.1.fn.fn.{layer}.bias", (broad,)
