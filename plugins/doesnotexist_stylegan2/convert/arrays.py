"""Inert tensors into numpy arrays: the one place where a checkpoint's numbers are copied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .limits import MAX_ELEMENTS, MAX_TENSOR_NAME, MAX_TENSORS, broken, named
from .values import Array, Shape, Tensor

Floats = NDArray[np.float32]
Numbers = Tensor | Array | float | int
"""What a checkpoint may hold where numbers are expected: numpy wrote single ones as scalars."""

Value = TypeVar("Value")


def is_numbers(value: object) -> bool:
    """Whether a checkpoint's value is a tensor, an array or a number."""
    return isinstance(value, Tensor | Array | float | int)


def shape_of(value: Numbers) -> Shape:
    """The shape of a tensor, an array or a number."""
    return value.shape if isinstance(value, Tensor | Array) else ()


def collect(named_values: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """The tensors by name; a file could name the same ones without end, or two by one name."""
    found: dict[str, Value] = {}
    for name, value in named_values:
        if (
            not name.isprintable() or len(name) > MAX_TENSOR_NAME
        ):  # names are printed, in messages and elsewhere
            raise broken(f"a tensor of the strange name {named(name)}")
        if name in found or len(found) >= MAX_TENSORS:
            raise broken(f"tensor {named(name)} is there twice, or one of too many")
        found[name] = value
    return found


def materialise(values: Mapping[str, Numbers]) -> dict[str, Floats]:
    """Every tensor as a new contiguous float32 array, all finite; the total size is checked first."""
    if sum(prod(shape_of(value)) for value in values.values()) > MAX_ELEMENTS:
        raise broken("its tensors are larger than those of any known network")
    return {name: _finite(name, value) for name, value in values.items()}


def _finite(name: str, value: Numbers) -> Floats:
    with np.errstate(all="ignore"):  # a float64 beyond float32 becomes infinity, which is refused below
        array = np.array(_stored(value), dtype=np.float32, order="C")
    if not np.isfinite(array).all():
        raise broken(f"{name} holds values that are not finite")
    return array


def _stored(value: Numbers) -> NDArray[Any] | float | int:
    """A view of the stored numbers, or the number itself."""
    if isinstance(value, Tensor):
        return _view(value)
    if isinstance(value, Array):
        if value.dtype is None or value.data is None:
            raise broken("a numpy array that was never given its numbers")
        flat = np.frombuffer(value.data, value.dtype.code)
        return flat.reshape(value.shape, order="F" if value.fortran else "C")
    return value


def _view(tensor: Tensor) -> NDArray[Any]:
    data, dtype = tensor.storage.data, tensor.storage.dtype
    if data is None:
        raise broken("a tensor whose numbers are not in the file")
    if dtype.code == "bfloat16":  # the upper half of a float32
        flat = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        flat = np.frombuffer(data, dtype.code)
    strides = [step * flat.itemsize for step in tensor.strides]
    if prod(tensor.shape) == 0:
        return np.empty(tensor.shape, np.float32)
    # Inside the storage: the bounds were checked when the tensor was read.
    return np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, strides)
