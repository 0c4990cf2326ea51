"""The inert objects that a checkpoint is read into. None of them can do anything.

Numbers, texts, lists, tuples and dicts are Python's own; sets become lists, every kind of dict becomes a
dict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from doesnotexist.errors import quoted

from .limits import MAX_DIMENSIONS, Budget, broken

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Symbol:
    """A name that a pickle mentions, such as `torch.FloatStorage`. It is only a name."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Record:
    """An object of a known class: its class name and, once built, its state."""

    kind: str
    state: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class LongText:
    """A text too long to be a name, such as embedded source: where it lies, decoded only if it is data."""

    raw: memoryview
    encoding: str

    def encode(self, budget: Budget) -> memoryview:
        """The bytes that an old pickle wrote as latin-1 text."""
        budget.copy(2 * len(self.raw))
        if self.encoding == "repr":
            raise broken("an old-style text too long to be read")
        try:
            return latin1(str(self.raw, self.encoding))
        except UnicodeDecodeError:
            raise broken(f"a text that is no {self.encoding}") from None


def latin1(text: str) -> memoryview:
    """Bytes that were written as text, as old pickles do it."""
    try:
        return memoryview(text.encode("latin-1"))
    except UnicodeEncodeError:
        raise broken("a text that should hold bytes holds other characters") from None


@dataclass(frozen=True)
class Dtype:
    """The type of stored numbers: a numpy code such as `<f4`, or `bfloat16`, which numpy lacks."""

    code: str

    @property
    def itemsize(self) -> int:
        return 2 if self.code == "bfloat16" else int(self.code[-1])


@dataclass(eq=False)
class Storage:
    """A run of `numel` numbers; `data` comes later when the container keeps it elsewhere."""

    dtype: Dtype
    numel: int
    data: memoryview | None = None

    def fill(self, data: memoryview) -> None:
        """Attach the bytes; they must be exactly as many as was said."""
        if len(data) != self.numel * self.dtype.itemsize:
            raise broken(f"a storage of {self.numel} numbers holds {len(data)} bytes")
        self.data = data


@dataclass(frozen=True, eq=False)
class Tensor:
    """A view of a storage, checked to lie inside it and to name no element twice."""

    storage: Storage
    offset: int
    shape: Shape
    strides: Shape

    def __post_init__(self) -> None:
        checked_shape(self.shape)
        if len(self.strides) != len(self.shape) or not _counts([self.offset, *self.strides]):
            raise broken("a tensor has impossible strides")
        count = prod(self.shape)
        last = self.offset + sum(
            (size - 1) * step for size, step in zip(self.shape, self.strides, strict=True)
        )
        if count > self.storage.numel or (count and last >= self.storage.numel):
            raise broken(
                f"a tensor of shape {named_shape(self.shape)} claims more than its "
                f"{self.storage.numel} stored numbers"
            )


@dataclass(eq=False)
class Array:
    """A numpy array: built empty, then given its state."""

    dtype: Dtype | None = None
    shape: Shape = ()
    fortran: bool = False
    data: memoryview | None = None

    def build(self, dtype: Dtype, shape: Shape, fortran: bool, data: memoryview) -> None:
        """Attach shape and bytes; they must agree."""
        if prod(checked_shape(shape)) * dtype.itemsize != len(data):
            raise broken(f"an array of shape {named_shape(shape)} holds {len(data)} bytes")
        self.dtype, self.shape, self.fortran, self.data = dtype, shape, fortran, data


def checked_shape(shape: Sequence[Any]) -> Shape:
    """The shape, if it is one: at most eight sizes, none negative."""
    if not isinstance(shape, tuple) or len(shape) > MAX_DIMENSIONS or not _counts(shape):
        raise broken("a tensor has an impossible shape")
    return shape


def named_shape(shape: Shape) -> str:
    """A shape for a message: sizes may be huge numbers from a stranger."""
    return quoted(shape)


def _counts(values: Sequence[Any]) -> bool:
    return all(type(value) is int and 0 <= value < 1 << 63 for value in values)
