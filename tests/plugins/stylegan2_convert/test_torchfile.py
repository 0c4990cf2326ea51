"""Both containers of torch.save, against torch's own reader on files of our own making."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from doesnotexist.errors import ConversionRefused, WeightsInvalid
from doesnotexist_stylegan2.convert.arrays import materialise
from doesnotexist_stylegan2.convert.torchfile import read

from .assembler import Call, Global, Persistent, b_float, legacy_stream, nested, pickled, storage, tensor
from .networks import saved

BASE = torch.arange(60.0)
VIEWS = st.tuples(
    st.lists(st.integers(1, 3), max_size=3), st.lists(st.integers(0, 5), min_size=3), st.integers(0, 20)
)
TYPES = st.sampled_from([torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool])


@settings(deadline=None, max_examples=60)
@given(views=st.lists(VIEWS, max_size=4), dtype=TYPES, archive=st.booleans())
def test_tensors_are_torchs(views, dtype, archive):
    """Views of one storage, with any strides that repeat no more than there is."""
    base = BASE.to(dtype)
    made = {str(i): torch.as_strided(base, shape, strides[: len(shape)], offset)
            for i, (shape, strides, offset) in enumerate(views)}  # fmt: skip
    data = saved(made, archive=archive)
    expected = torch.load(io.BytesIO(data), weights_only=True)

    container, root = read(memoryview(data))

    assert container == ("zip" if archive else "legacy")
    found = materialise(root)
    assert found.keys() == expected.keys()
    assert all((found[name] == value.float().numpy()).all() for name, value in expected.items())


def test_a_plain_pickle_with_nested_streams():
    data = pickled({"x": tensor(nested(b_float(1, 2, 3, 4), 4), (2, 2), (1, 2))}, 3)
    container, root = read(memoryview(data))
    assert container == "pickle"
    assert (materialise(root)["x"] == np.float32([[1, 3], [2, 4]])).all()


@pytest.mark.parametrize("kind", ["torch.FloatStorage", "torch.cuda.FloatStorage"])
def test_tensors_that_were_on_a_card(kind):
    module, _, name = kind.rpartition(".")
    on_card = Persistent(("storage", Global(module, name), "0", "cuda:0", 2, None))
    device = Call(Global("torch", "device"), ("cuda", 0))
    whole = {"x": tensor(on_card, (2,), (1,)), "device": device, "dtype": Global("torch", "float32")}
    root = read(memoryview(legacy_stream(whole, {"0": b_float(1, 2)})))[1]
    assert materialise({"x": root["x"]})["x"].tolist() == [1, 2]


def test_parameters_with_attributes():
    made = Global("torch._utils", "_rebuild_parameter_with_state")
    whole = {"x": Call(made, (tensor(nested(b_float(1, 2), 2), (2,), (1,)), True, {}, {"note": "x"}))}
    assert materialise(read(memoryview(pickled(whole, 3)))[1])["x"].tolist() == [1, 2]


def test_a_storage_that_is_a_view_of_another_is_refused():
    """As torch wrote it before version 0.4; no checkpoint that is still around needs it."""
    view = Persistent(("storage", Global("torch", "FloatStorage"), "0", "cpu", 2, ("1", 0, 2)))
    with pytest.raises(ConversionRefused, match="no storage"):
        read(memoryview(legacy_stream(view, {"0": b_float(1, 2)})))


def test_two_sizes_of_one_storage():
    with pytest.raises(WeightsInvalid, match="two sizes"):
        read(memoryview(legacy_stream([storage("0", 1), storage("0", 2)], {"0": b_float(1)})))


def test_no_stream_in_a_stream():
    inner = legacy_stream(storage("0", 1), {"0": b_float(1)})
    call = Call(Global("torch.storage", "_load_from_bytes"), (inner,))
    for data in (legacy_stream(call, {}), pickled(Call(call.function, (legacy_stream(call, {}),)), 3)):
        with pytest.raises(ConversionRefused) as caught:
            read(memoryview(data))
        assert caught.value.offender == "a call of torch.storage._load_from_bytes"
