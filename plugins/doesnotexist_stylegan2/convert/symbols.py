"""The allow-list: every name that a checkpoint may mention, and what calling it means here.

A name outside the list is refused, and named. A name inside it is no door to the thing of that name: it
is a row of these tables, and what it "returns" is built by the functions below out of inert values.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from doesnotexist.errors import quoted

from .limits import Budget, broken, refused
from .values import Array, Dtype, LongText, Record, Storage, Symbol, Tensor, latin1

Call = Callable[[tuple[Any, ...], Budget], object]

NETWORK = "dnnlib.tflib.network.Network"
MOLECULES = "one_out_lstm.OneOutLSTM"
NESTED_STREAM = "torch.storage._load_from_bytes"

STORAGES: Mapping[str, Dtype] = {
    f"{module}.{name}Storage": Dtype(code)
    for module in ("torch", "torch.cuda")
    for name, code in [
        ("Float", "<f4"), ("Half", "<f2"), ("Double", "<f8"), ("BFloat16", "bfloat16"), ("Long", "<i8"),
        ("Int", "<i4"), ("Short", "<i2"), ("Char", "|i1"), ("Byte", "|u1"), ("Bool", "|u1"),
    ]
}  # fmt: skip
"""Element type of torch's storage classes; the containers hold them little-endian."""

DICTS = frozenset({"collections.OrderedDict", "dnnlib.util.EasyDict"})

RECORDS = frozenset({
    NETWORK,
    MOLECULES,
    "argparse.Namespace",
    "torch.nn.modules.linear.Linear",
    "torch.nn.modules.normalization.LayerNorm",
    "torch.nn.modules.rnn.LSTM",
})  # fmt: skip
"""Classes whose instances are kept as a name and a state."""

_TYPES = frozenset(f"torch.{name}" for name in ("float16", "bfloat16", "float32", "float64"))
"""What a module may note about its numbers; nobody asks."""

_ALIASES = {
    "numpy._core.multiarray": "numpy.core.multiarray",  # numpy 2 moved the module
    "numpy._core.numeric": "numpy.core.numeric",
    "__builtin__": "builtins",
}


def resolve(module: object, name: object) -> Symbol:
    """The inert symbol of a name on the list; raises `ConversionRefused` for any other."""
    if not isinstance(module, str) or not isinstance(name, str):
        raise broken("a global whose name is no text")
    symbol = Symbol(_ALIASES.get(module, module), name)
    if str(symbol) not in _KNOWN:
        raise refused(f"{module}.{name}")
    return symbol


def instance(symbol: Symbol, args: tuple[Any, ...]) -> object:
    """A new object of a listed class: empty, but for a tuple of sizes."""
    if str(symbol) == "torch.Size":
        return _size(args)
    if args == () and str(symbol) in DICTS:
        return {}
    if args == () and str(symbol) in RECORDS:
        return Record(str(symbol))
    raise refused(f"a new object of {symbol}")


def build(value: object, state: object) -> None:
    """Give an object its state; only these kinds of object have one."""
    match value, state:
        case Record(), dict():
            value.state = state
        case Array(), (int(), tuple() as shape, Dtype() as dtype, bool() as fortran, data):
            value.build(dtype, shape, fortran, _as_bytes(data))
        case Dtype(), (int(), "<" | "|", *_):
            pass  # the byte order
        case Dtype(), (int(), ">", *_):
            raise broken("a numpy array of big-endian numbers")
        case dict(), dict():
            pass  # attributes of an ordered dict, such as torch's version table: nothing to read from
        case _:
            raise refused(f"a state for {type(value).__name__}")


def _ordered_dict(args: tuple[Any, ...], budget: Budget) -> dict[Any, Any]:
    pairs = args[0] if len(args) == 1 else []
    if len(args) > 1 or not isinstance(pairs, list):
        raise broken("an ordered dict made of something else than pairs")
    budget.step(len(pairs))
    made: dict[Any, Any] = {}
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise broken("an ordered dict made of something else than pairs")
        made[checked_key(pair[0])] = pair[1]
    return made


def checked_key(key: object) -> str | int | float | None:
    """A dict key. Only plain ones: hashing a deeply nested tuple would overflow the interpreter's stack.

    And no huge numbers, of which any number share one hash: to fill a dict with such takes for ever.
    """
    if isinstance(key, str | float | None) or (isinstance(key, int) and abs(key) < 1 << 63):
        return key
    raise broken(f"a dict key that is a {type(key).__name__}")


def _set(args: tuple[Any, ...]) -> list[Any]:
    match args:
        case ():
            return []
        case (list() as members,):
            return members
    raise broken("a set made of something else than a list")


def _size(args: tuple[Any, ...]) -> tuple[Any, ...]:
    match args:
        case (tuple() as sizes,):
            return sizes
    raise broken("a torch.Size made of something else than a tuple")


def _persistent(args: tuple[Any, ...]) -> Record:
    """NVIDIA's persistent classes: class name and state are kept, the module source is dropped unread."""
    match args:
        case ({"type": "class", "class_name": str() as name, "state": dict() as state},) if (
            len(name) < 100 and name.isidentifier()
        ):
            return Record(name, state)
    raise broken("a persistent object without class name or state")


def _tensor(args: tuple[Any, ...]) -> Tensor:
    """storage, offset, size, stride, requires_grad, hooks; all but the first four are of no use to us"""
    match args:
        case (Storage() as storage, int() as offset, tuple() as shape, tuple() as strides, *_):
            return Tensor(storage, offset, shape, strides)
    raise broken("a tensor made of something else than a storage")


def _parameter(args: tuple[Any, ...]) -> Tensor:
    match args:
        case (Tensor() as tensor, *_):
            return tensor
    raise broken("a parameter made of something else than a tensor")


def _dtype(args: tuple[Any, ...]) -> Dtype:
    match args:
        case (str() as code, *_) if code in _NUMPY_CODES:
            return Dtype(_NUMPY_CODES[code])
        case (str() as code, *_):
            raise refused(f"a numpy array of dtype {quoted(code)}")
    raise broken("a numpy dtype without a name")


_NUMPY_CODES = {code: f"{'|' if code[1] == '1' else '<'}{code}" for code in
                ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")}  # fmt: skip


def _empty_array(args: tuple[Any, ...]) -> Array:
    match args:
        case (Symbol(module="numpy", name="ndarray"), (0,), _):
            return Array()
    raise broken("a numpy array that does not start empty")


def _array_of_buffer(args: tuple[Any, ...]) -> Array:
    match args:
        case (memoryview() as data, Dtype() as dtype, tuple() as shape, "C" | "F" as order):
            array = Array()
            array.build(dtype, shape, order == "F", data)
            return array
    raise broken("a numpy array made of something else than bytes")


def _scalar(args: tuple[Any, ...]) -> int | float | bool:
    match args:
        case (Dtype() as dtype, data):
            raw = _as_bytes(data)
            if len(raw) == dtype.itemsize:
                return struct.unpack("<" + _STRUCT[dtype.code[1:]], raw)[0]  # type: ignore[no-any-return]
    raise broken("a numpy number of the wrong size")


_STRUCT = {"f2": "e", "f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q",
           "u1": "B", "u2": "H", "u4": "I", "u8": "Q", "b1": "?"}  # fmt: skip


def _encode(args: tuple[Any, ...], budget: Budget) -> memoryview:
    """How protocols 0 to 2 write bytes: as latin-1 text to be encoded."""
    match args:
        case (str() as text, "latin1" | "latin-1"):
            budget.copy(len(text))
            return latin1(text)
        case (LongText() as text, "latin1" | "latin-1"):
            return text.encode(budget)
    raise refused("a text codec other than latin-1")


def _as_bytes(data: object) -> memoryview:
    match data:
        case memoryview():
            return data
        case LongText(encoding="latin-1"):
            return data.raw
        case str():
            return latin1(data)
    raise broken("numbers that are not stored as bytes")


def _free(make: Callable[[tuple[Any, ...]], object]) -> Call:
    """A call that copies nothing and loops over nothing, and so costs nothing of the budget."""
    return lambda args, _: make(args)


CALLS: Mapping[str, Call] = {
    "_codecs.encode": _encode,
    "builtins.set": _free(_set),
    "collections.OrderedDict": _ordered_dict,
    "numpy.core.multiarray._reconstruct": _free(_empty_array),
    "numpy.core.multiarray.scalar": _free(_scalar),
    "numpy.core.numeric._frombuffer": _free(_array_of_buffer),
    "numpy.dtype": _free(_dtype),
    "torch.Size": _free(_size),
    "torch.device": lambda *_: None,  # where a module was: it will be elsewhere
    "torch._utils._rebuild_parameter": _free(_parameter),
    "torch._utils._rebuild_parameter_with_state": _free(_parameter),
    "torch._utils._rebuild_tensor_v2": _free(_tensor),
    "torch.nn.backends.thnn._get_thnn_function_backend": lambda *_: None,  # of torch 0.4: it held functions
    "torch_utils.persistence._reconstruct_persistent_obj": _free(_persistent),
}
"""What a call of a listed name gives."""

_KNOWN = frozenset({*CALLS, *STORAGES, *DICTS, *RECORDS, *_TYPES, NESTED_STREAM, "numpy.ndarray"})
