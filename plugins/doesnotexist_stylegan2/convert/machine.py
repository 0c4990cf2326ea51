"""A stack machine that works out what a pickle would build, and can do nothing else.

It has no import, no getattr and no call of anything a pickle names: `REDUCE`, `NEWOBJ` and `BUILD` look
the symbol up in tables of our own functions (`symbols`). Nothing recurses over the values, so no depth of
nesting can hurt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import symbols
from .limits import broken, refused
from .opcodes import Cursor, decode
from .symbols import Call
from .values import Symbol

Persistent = Callable[[object], object]

_HIGHEST_PROTOCOL = 5


class Machine:
    """One run over one pickle. `calls` says what calls mean, `persistent` what a persistent id stands for."""

    def __init__(
        self, cursor: Cursor, calls: Mapping[str, Call], persistent: Persistent | None = None
    ) -> None:
        self.cursor, self.calls, self.persistent = cursor, calls, persistent
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []  # the stacks put aside by MARK
        self.memo: dict[Any, Any] = {}

    def load(self) -> object:
        """Run to STOP and return the one value left; raises `WeightsInvalid` or `ConversionRefused`."""
        while True:
            name, argument = decode(self.cursor)
            if name == "STOP":
                return self._result()
            _STEPS[name](self, argument)

    def _result(self) -> object:
        if self.marks or len(self.stack) != 1:
            raise broken("a pickle that ends with more or less than one value")
        return self.stack[0]

    def _push(self, value: object) -> None:
        self.stack.append(value)

    def _pop(self) -> Any:
        if not self.stack:
            raise broken("a pickle that takes more values than it made")
        return self.stack.pop()

    def _top(self, kind: type) -> Any:
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise broken(f"a pickle that fills something else than a {kind.__name__}")
        return self.stack[-1]

    def _pop_mark(self) -> list[Any]:
        """Everything since the last MARK."""
        if not self.marks:
            raise broken("a pickle that ends a group it never began")
        items, self.stack = self.stack, self.marks.pop()
        return items

    def _mark(self, _: object) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def _drop(self, _: object) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self._pop_mark()

    def _drop_mark(self, _: object) -> None:
        self._pop_mark()

    def _duplicate(self, _: object) -> None:
        self._push(self._top(object))

    def _tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise broken("a pickle that takes more values than it made")
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def _append(self, _: object) -> None:
        item = self._pop()
        self._top(list).append(item)

    def _extend(self, _: object) -> None:
        items = self._pop_mark()
        self._top(list).extend(items)

    def _set_item(self, _: object) -> None:
        item, key = self._pop(), self._pop()
        self._top(dict)[symbols.checked_key(key)] = item

    def _set_items(self, _: object) -> None:
        items = self._pop_mark()
        self._fill(self._top(dict), items)

    def _dict(self, _: object) -> None:
        items = self._pop_mark()
        made: dict[Any, Any] = {}
        self._fill(made, items)
        self._push(made)

    @staticmethod
    def _fill(target: dict[Any, Any], items: list[Any]) -> None:
        if len(items) % 2:
            raise broken("a dict with a key and no value")
        target.update(zip(map(symbols.checked_key, items[::2]), items[1::2], strict=True))

    def _put(self, index: Any) -> None:
        self.memo[symbols.checked_key(index)] = self._top(object)

    def _memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self._top(object)

    def _get(self, index: Any) -> None:
        if index not in self.memo:
            raise broken("a pickle that recalls what it never noted")
        self._push(self.memo[index])

    def _global(self, argument: Any) -> None:
        self._push(symbols.resolve(*argument))

    def _stack_global(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        self._push(symbols.resolve(module, name))

    def _call(self, _: object) -> None:
        args, symbol = self._pop(), self._pop()
        if not isinstance(symbol, Symbol) or not isinstance(args, tuple):
            raise refused(f"a call of a {type(symbol).__name__}")
        call = self.calls.get(str(symbol))
        if call is None:
            raise refused(f"a call of {symbol}")
        self._push(call(args, self.cursor.budget))

    def _new(self, _: object) -> None:
        args, symbol = self._pop(), self._pop()
        if not isinstance(symbol, Symbol) or not isinstance(args, tuple):
            raise refused(f"a new object of a {type(symbol).__name__}")
        self._push(symbols.instance(symbol, args))

    def _build(self, _: object) -> None:
        state = self._pop()
        symbols.build(self._top(object), state)

    def _persistent_id(self, _: object) -> None:
        if self.persistent is None:
            raise refused("a persistent id")
        self._push(self.persistent(self._pop()))

    def _old_instance(self, argument: Any) -> None:
        raise refused(f"an old-style instance of {symbols.resolve(*argument)}")

    def _protocol(self, version: Any) -> None:
        if version > _HIGHEST_PROTOCOL:
            raise broken(f"pickle protocol {version}, expected 0 to {_HIGHEST_PROTOCOL}")


def _refuse(what: str) -> Callable[[Machine, Any], None]:
    def step(_: Machine, argument: object) -> None:
        raise refused(what if argument is None else f"{what} {argument}")

    return step


_STEPS: Mapping[str, Callable[[Machine, Any], None]] = {
    "MARK": Machine._mark,
    "POP": Machine._drop,
    "POP_MARK": Machine._drop_mark,
    "DUP": Machine._duplicate,
    "NONE": Machine._push,
    "NEWTRUE": lambda machine, _: machine._push(True),
    "NEWFALSE": lambda machine, _: machine._push(False),
    "INT": Machine._push,
    "FLOAT": Machine._push,
    "TEXT": Machine._push,
    "BYTES": Machine._push,
    "EMPTY_TUPLE": lambda machine, _: machine._push(()),
    "TUPLE": lambda machine, _: machine._push(tuple(machine._pop_mark())),
    "TUPLE1": lambda machine, _: machine._tuple_of(1),
    "TUPLE2": lambda machine, _: machine._tuple_of(2),
    "TUPLE3": lambda machine, _: machine._tuple_of(3),
    "EMPTY_LIST": lambda machine, _: machine._push([]),
    "LIST": lambda machine, _: machine._push(machine._pop_mark()),
    "APPEND": Machine._append,
    "APPENDS": Machine._extend,
    "EMPTY_DICT": lambda machine, _: machine._push({}),
    "DICT": Machine._dict,
    "SETITEM": Machine._set_item,
    "SETITEMS": Machine._set_items,
    "PUT": Machine._put,
    "MEMOIZE": Machine._memoize,
    "GET": Machine._get,
    "GLOBAL": Machine._global,
    "STACK_GLOBAL": Machine._stack_global,
    "INST": Machine._old_instance,
    "OBJ": _refuse("an old-style instance"),
    "REDUCE": Machine._call,
    "NEWOBJ": Machine._new,
    "NEWOBJ_EX": _refuse("a new object with keyword arguments"),
    "BUILD": Machine._build,
    "PERSID": _refuse("a persistent id that is a text"),
    "BINPERSID": Machine._persistent_id,
    "EXT": _refuse("extension code"),
    "PROTO": Machine._protocol,
    "FRAME": lambda *_: None,  # a hint for buffered readers
    "NEXT_BUFFER": _refuse("a buffer from outside the file"),
    "READONLY_BUFFER": _refuse("a buffer from outside the file"),
}
