"""The network of `model` as it is run: the same sums in numpy, one token at a time.

A molecule is ten steps of small matrices.  Importing PyTorch alone takes longer than a hundred molecules, so
only the trainer does.

Letters in comments: S slots (molecules written at once), T tokens so far, H heads of 64 channels, D = 64 H
channels of the stream, V tokens of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .config import HEAD, Config

Floats = npt.NDArray[np.floating[Any]]
Ids = npt.NDArray[np.int64]

ROOM = 16  # tokens that a cache holds before it grows: more than most molecules have


@dataclass
class Cache:
    """Keys and values of the tokens so far, by layer: (layers, S, H, room, 64) each."""

    keys: Floats
    values: Floats
    length: int = 0

    def keep(self, slots: Ids) -> None:
        """Go on with these slots only, in this order."""
        self.keys, self.values = self.keys[:, slots], self.values[:, slots]

    def make_room(self) -> None:
        """For as many tokens again, if there is none left for the next."""
        if self.length == self.keys.shape[3]:
            self.keys, self.values = (
                np.concatenate([known, np.empty_like(known)], axis=3) for known in (self.keys, self.values)
            )


class Network:
    """Logits of the next token, from tensors by the names of `Config.shapes`, all of one type."""

    def __init__(self, config: Config, tensors: Mapping[str, Floats]) -> None:
        self.config, self.tensors = config, tensors
        self.dtype = tensors["head.weight"].dtype
        self._epsilon = np.finfo(self.dtype).eps
        self._cos, self._sin = (table.astype(self.dtype) for table in rotary_table(config.context))

    @cached_property
    def exact(self) -> Network:
        """This network in float64: a dozen digits depend neither on the machine nor on the batch."""
        return Network(self.config, {name: t.astype(np.float64) for name, t in self.tensors.items()})

    def cache(self, slots: int) -> Cache:
        """An empty cache for so many molecules at once."""
        shape = (self.config.layers, slots, self.config.heads, ROOM, HEAD)
        return Cache(np.empty(shape, self.dtype), np.empty(shape, self.dtype))

    def step(self, tokens: Ids, cache: Cache) -> Floats:  # (S,) to (S, V)
        """Append one token to every slot and give the logits after it."""
        cache.make_room()
        x = self._norm(self.tensors["embedding.weight"][tokens])
        for layer in range(self.config.layers):
            x = x + self._attend(layer, x, cache)
            up = self._linear(f"blocks.{layer}.up", self._norm(x))
            x = x + self._linear(f"blocks.{layer}.down", np.maximum(up, 0) ** 2)
        cache.length += 1
        return self._linear("head", self._norm(x))

    def after(self, tokens: list[int]) -> Floats:  # (V,)
        """The logits after the last of these tokens of one molecule."""
        cache = self.cache(1)
        logits: Floats = [self.step(np.array([token]), cache) for token in tokens][-1][0]
        return logits

    def _attend(self, layer: int, x: Floats, cache: Cache) -> Floats:  # (S, D) to (S, D)
        """Each slot's newest token looks at its tokens so far."""
        slots, at = len(x), cache.length
        qkv = self._linear(f"blocks.{layer}.qkv", self._norm(x)).reshape(slots, 3, self.config.heads, HEAD)
        query = self._rotate(self._norm(qkv[:, 0]), at)
        cache.keys[layer, :, :, at] = self._rotate(self._norm(qkv[:, 1]), at)
        cache.values[layer, :, :, at] = qkv[:, 2]
        keys, values = cache.keys[layer, :, :, : at + 1], cache.values[layer, :, :, : at + 1]
        scores = (keys @ query[..., None])[..., 0] * self.dtype.type(HEAD**-0.5)  # (S, H, T)
        share = np.exp(scores - scores.max(-1, keepdims=True))
        share /= share.sum(-1, keepdims=True)
        seen = (share[..., None, :] @ values).reshape(slots, self.config.width)
        return self._linear(f"blocks.{layer}.out", seen)

    def _linear(self, name: str, x: Floats) -> Floats:
        y: Floats = x @ self.tensors[f"{name}.weight"].T
        return y

    def _norm(self, x: Floats) -> Floats:  # any shape, last axis to root mean square 1
        mean = np.einsum("...i,...i->...", x, x)[..., None] / x.shape[-1]
        y: Floats = x / np.sqrt(mean + self._epsilon)
        return y

    def _rotate(self, x: Floats, at: int) -> Floats:  # (..., 64)
        a, b, cos, sin = x[..., : HEAD // 2], x[..., HEAD // 2 :], self._cos[at], self._sin[at]
        return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


def rotary_table(positions: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Cosine and sine of the rotary angles, each (positions, 32)."""
    frequency = 1.0 / 1000.0 ** (np.arange(0, HEAD, 2) / HEAD)
    angle = np.outer(np.arange(positions), frequency)
    return np.cos(angle), np.sin(angle)
