"""The decoder against Python's own description of the alphabet, `pickletools`."""

from __future__ import annotations

import io
import pickle
import pickletools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doesnotexist.errors import WeightsInvalid
from doesnotexist_stylegan2.convert.limits import MAX_NAME_BYTES, Budget
from doesnotexist_stylegan2.convert.opcodes import _OPCODES, Cursor, decode
from doesnotexist_stylegan2.convert.values import LongText

from .networks import SMALL, nvidia_torch, random_tensors

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def cursor(data: bytes) -> Cursor:
    return Cursor(memoryview(data), Budget())


def arguments(data: bytes):
    """Opcode positions and arguments, both readers' side by side."""
    ours = cursor(data)
    for opcode, argument, position in pickletools.genops(io.BytesIO(data)):
        assert ours.position == position
        name, found = decode(ours)
        yield opcode, argument, name, found
    assert ours.position == len(data)


def test_every_opcode_is_known():
    assert {opcode.code for opcode in pickletools.opcodes} == {chr(code) for code in _OPCODES}


@settings(deadline=None, max_examples=60)
@given(VALUES, st.integers(0, 5))
def test_arguments_are_read_as_python_reads_them(value, protocol):
    for opcode, argument, _, found in arguments(pickle.dumps(value, protocol)):
        if isinstance(found, memoryview):
            assert bytes(found) == bytes(argument)
        elif opcode.name == "GLOBAL":
            assert " ".join(found) == argument
        elif opcode.name not in ("PUT", "GET") or protocol:
            assert found == argument


def test_a_real_checkpoint_is_read_to_the_last_byte():
    data = nvidia_torch(SMALL, random_tensors(SMALL))
    assert sum(1 for _ in arguments(data)) > 1000


def test_long_texts_stay_in_the_file():
    data = pickle.dumps("x" * (MAX_NAME_BYTES + 1), 2)
    _, text = [found for _, _, *found in arguments(data)][1]
    assert isinstance(text, LongText)
    assert text.raw.obj is data


@pytest.mark.parametrize(
    "code",
    [
        b"",
        b"\xff",
        b"K",
        b"X\x05\0\0\0abc",
        b"V",
        b"S'abc\n",
        b"S\n",
        b"S'\\q'\n",
        b"Iabc\n",
        b"F--\n",
        b"L" + b"9" * 200 + b"L\n",
        b"\x8b\xff\xff\xff\x7f",
        b"\x8a\xff",
        b"X\x01\0\0\0\xff",
        b"\x8e" + b"\xff" * 8,
        b"cno line",
    ],
)
def test_damaged_arguments(code):
    with pytest.raises(WeightsInvalid):
        decode(cursor(code))


def test_texts_of_old_protocols():
    assert decode(cursor(b"S'a\\n\\'\\x41'\n"))[1] == "a\n'A"
    assert decode(cursor(b"Va\\u0416\n"))[1] == "aЖ"


def test_steps_are_counted():
    with pytest.raises(WeightsInvalid, match="steps"):
        decode(Cursor(memoryview(b"N"), Budget(opcodes=0)))


def test_copies_are_counted():
    with pytest.raises(WeightsInvalid, match="text"):
        decode(Cursor(memoryview(b"V" + b"x" * 100 + b"\n"), Budget(copied_bytes=10)))
