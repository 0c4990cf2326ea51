"""A tensor can only be made of numbers that are there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from doesnotexist.errors import WeightsInvalid
from doesnotexist_stylegan2.convert.arrays import collect, materialise
from doesnotexist_stylegan2.convert.limits import MAX_ELEMENTS, MAX_TENSORS, Budget, named
from doesnotexist_stylegan2.convert.values import Array, Dtype, LongText, Storage, Tensor

NUMBERS = np.arange(24, dtype=np.float32)


def storage(values=NUMBERS, code="<f4") -> Storage:
    found = Storage(Dtype(code), values.size)
    found.fill(memoryview(values.tobytes()))
    return found


@given(st.lists(st.integers(0, 5), max_size=4), st.lists(st.integers(0, 9), max_size=4), st.integers(0, 30))
def test_a_tensor_is_torchs_tensor_or_none_at_all(shape, strides, offset):
    """Where torch would go beyond its storage, or repeat more than there is, there is no tensor."""
    try:
        tensor = Tensor(storage(), offset, tuple(shape), tuple(strides))
    except WeightsInvalid:
        count, last = np.prod(shape), offset + sum((s - 1) * t for s, t in zip(shape, strides, strict=False))
        assert len(shape) != len(strides) or count > 24 or last > 23
    else:
        expected = (
            torch.as_strided(torch.from_numpy(NUMBERS), shape, strides, offset) if np.prod(shape) else None
        )
        assert np.prod(shape) <= 24
        found = materialise({"x": tensor})["x"]
        assert found.shape == tuple(shape)
        assert expected is None or (found == expected.numpy()).all()


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("<f2", np.float16([1, -2.5])),
        ("<f8", np.float64([1, 1e-300])),
        ("<i8", np.int64([3, -4])),
        ("|u1", np.uint8([0, 255])),
        ("|i1", np.int8([-1, 1])),
        ("<i2", np.int16([-300, 300])),
        ("<i4", np.int32([7, -7])),
    ],
)
def test_every_type_becomes_float32(code, values):
    found = materialise({"x": Tensor(storage(values, code), 0, (2,), (1,))})["x"]
    assert found.dtype == np.float32
    assert (found == values.astype(np.float32)).all()


def test_bfloat16():
    values = torch.tensor([1.0, -3.140625, 1e30], dtype=torch.bfloat16)
    raw = values.view(torch.int16).numpy()
    found = materialise({"x": Tensor(storage(raw, "bfloat16"), 0, (3,), (1,))})["x"]
    assert (found == values.float().numpy()).all()


def test_arrays_in_both_orders():
    grid = NUMBERS.reshape(2, 3, 4)
    for order in "CF":
        array = Array()
        array.build(Dtype("<f4"), grid.shape, order == "F", memoryview(grid.tobytes(order)))
        assert (materialise({"x": array})["x"] == grid).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_are_finite(value):
    with pytest.raises(WeightsInvalid, match="not finite"):
        materialise({"x": Tensor(storage(np.float32([0, value])), 0, (2,), (1,))})
    with pytest.raises(WeightsInvalid, match="not finite"):
        materialise({"x": value})


def test_a_float64_beyond_float32_is_not_finite():
    with pytest.raises(WeightsInvalid, match="not finite"):
        materialise({"x": Tensor(storage(np.float64([1e300]), "<f8"), 0, (1,), (1,))})


def test_the_total_is_checked_before_the_first_is_made():
    huge = Storage(Dtype("<f4"), MAX_ELEMENTS)  # without data: making it would fail otherwise
    tensors = {name: Tensor(huge, 0, (MAX_ELEMENTS // 2 + 1,), (1,)) for name in "ab"}
    with pytest.raises(WeightsInvalid, match="larger than"):
        materialise(tensors)


def test_names_are_counted_and_unique():
    for name in ("a\nb", "\x1b[31m", "x" * 300):
        with pytest.raises(WeightsInvalid, match="strange name") as caught:
            collect([(name, 1.0)])
        assert str(caught.value).isprintable()
    with pytest.raises(WeightsInvalid, match="twice"):
        collect([("a", 1.0), ("a", 2.0)])
    with pytest.raises(WeightsInvalid, match="too many"):
        collect((str(number), 1.0) for number in range(MAX_TENSORS + 1))


def test_what_was_never_filled():
    with pytest.raises(WeightsInvalid, match="not in the file"):
        materialise({"x": Tensor(Storage(Dtype("<f4"), 1), 0, (1,), (1,))})
    with pytest.raises(WeightsInvalid, match="never given"):
        materialise({"x": Array()})


def test_long_texts_are_encoded_only_as_bytes():
    assert bytes(LongText(memoryview("é".encode()), "utf-8").encode(Budget())) == b"\xe9"
    for raw, encoding in [("Ж".encode(), "utf-8"), (b"\xff", "utf-8"), (b"'x'", "repr")]:
        with pytest.raises(WeightsInvalid):
            LongText(memoryview(raw), encoding).encode(Budget())


def test_nested_values_are_never_printed():
    laughs: tuple[object, ...] = ()
    for _ in range(100):
        laughs = (laughs, laughs)
    assert named(laughs) == "a tuple"
