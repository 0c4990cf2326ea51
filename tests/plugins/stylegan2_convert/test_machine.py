"""The stack machine against Python's own, on values that are no attack."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doesnotexist.errors import ConversionRefused, WeightsInvalid
from doesnotexist_stylegan2.convert.limits import Budget
from doesnotexist_stylegan2.convert.machine import Machine
from doesnotexist_stylegan2.convert.opcodes import Cursor
from doesnotexist_stylegan2.convert.symbols import CALLS
from doesnotexist_stylegan2.convert.values import Record

from .assembler import Built, Call, Global, New, Persistent, pickled

KEYS = st.text(max_size=5) | st.integers(-(2**62), 2**62) | st.none()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner),
    max_leaves=30,
)


def load(data: bytes, persistent=None):
    return Machine(Cursor(memoryview(data), Budget()), CALLS, persistent).load()


@settings(deadline=None, max_examples=100)
@given(VALUES, st.integers(0, 5))
def test_plain_values_are_what_python_makes_of_them(value, protocol):
    assert load(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", range(6))
def test_shared_values_stay_shared(protocol):
    inner: list[object] = []
    found = load(pickle.dumps([inner, inner], protocol))
    assert found[0] is found[1]


def test_what_contains_itself_is_read():
    value: list[object] = []
    value.append(value)
    found = load(pickle.dumps(value))
    assert found[0] is found


@pytest.mark.parametrize("protocol", range(6))
def test_bytes_and_sets(protocol):
    assert bytes(load(pickle.dumps(b"\0\xff" * 9, protocol))) == b"\0\xff" * 9
    assert sorted(load(pickle.dumps({1, 2, 3}, protocol))) == [1, 2, 3]


def test_a_frozen_set_is_a_list():
    assert load(pickle.dumps(frozenset([1]), 4)) == [1]


def test_objects_become_records():
    found = load(pickled(Built(New(Global("argparse", "Namespace")), {"size": 256})))
    assert isinstance(found, Record)
    assert (found.kind, found.state) == ("argparse.Namespace", {"size": 256})


def test_ordered_dicts_of_both_pythons():
    ordered = Global("collections", "OrderedDict")
    assert load(pickled(Call(ordered))) == {}
    assert load(pickled(Call(ordered, ([["a", 1], ("b", 2)],)))) == {"a": 1, "b": 2}


def test_a_known_name_is_a_name_and_no_more():
    found = load(pickled([Global("torch", "FloatStorage"), Global("numpy", "ndarray")]))
    assert [str(symbol) for symbol in found] == ["torch.FloatStorage", "numpy.ndarray"]


def test_persistent_ids_mean_what_the_container_says():
    assert load(pickled(Persistent(("a", 1))), lambda identity: [identity]) == [("a", 1)]
    with pytest.raises(ConversionRefused, match="persistent"):
        load(pickled(Persistent(("a", 1))))


def test_both_names_of_a_module_that_moved():
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        assert str(load(pickled(Global(module, "scalar")))) == "numpy.core.multiarray.scalar"


def test_the_error_names_what_was_written():
    with pytest.raises(ConversionRefused) as caught:
        load(pickled(Global("numpy._core.multiarray", "os")))
    assert caught.value.offender == "numpy._core.multiarray.os"


@pytest.mark.parametrize(
    "code", [b"0", b"1", b"2", b"t", b"e", b"R", b"\x86", b"s", b"u", b"b", b"Q", b"\x93", b"\x81", b"a"]
)
def test_an_empty_stack_has_nothing_to_give(code):
    with pytest.raises((WeightsInvalid, ConversionRefused)):
        load(code + b".")
