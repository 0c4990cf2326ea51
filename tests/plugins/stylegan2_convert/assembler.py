"""A pickle writer that writes what it is told, the impossible and the hostile included, in any protocol.

It knows no Python object but plain ones: globals, calls and states are nodes, so that
nothing has to exist to be named.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Global:
    """A name of a module."""

    module: str
    name: str


@dataclass(eq=False)
class Call:
    """REDUCE: the function called with the arguments."""

    function: Any
    args: Any = ()


@dataclass(eq=False)
class New:
    """NEWOBJ: a new object of the class."""

    kind: Any
    args: Any = ()


@dataclass(eq=False)
class Built:
    """BUILD: the object, given the state."""

    value: Any
    state: Any


@dataclass(eq=False)
class Filled:
    """SETITEMS on something that is no plain dict."""

    value: Any
    items: dict[Any, Any]


@dataclass(eq=False)
class Persistent:
    """BINPERSID: what the container knows by this identity."""

    identity: Any


@dataclass(eq=False)
class Raw:
    """Opcodes as they are."""

    code: bytes


@dataclass
class Assembler:
    """One pickle in the making."""

    protocol: int = 2
    memo: dict[Any, int] = field(default_factory=dict)

    def dump(self, value: Any) -> bytes:
        """The whole pickle."""
        body = self.code(value) + b"."
        if self.protocol >= 4:
            body = b"\x95" + struct.pack("<Q", len(body)) + body
        return (b"\x80" + bytes([self.protocol]) if self.protocol >= 2 else b"") + body

    def code(self, value: Any) -> bytes:
        """The opcodes that push a value."""
        if isinstance(value, str | Global):
            return self._once(value)
        return getattr(self, f"_{type(value).__name__}")(value)

    def _once(self, value: str | Global) -> bytes:
        """Names are written once and recalled from the memo, as Python does it."""
        if value in self.memo:
            return self._numbered(b"g", b"h", b"j", self.memo[value])
        code = self._text(value) if isinstance(value, str) else self._global(value)
        self.memo[value] = len(self.memo)
        if self.protocol >= 4:
            return code + b"\x94"
        return code + self._numbered(b"p", b"q", b"r", self.memo[value])

    def _numbered(self, line: bytes, short: bytes, long: bytes, index: int) -> bytes:
        if self.protocol == 0:
            return line + b"%d\n" % index
        return short + bytes([index]) if index < 256 else long + struct.pack("<I", index)

    def _text(self, value: str) -> bytes:
        if self.protocol == 0:
            escaped = value.replace("\\", "\\u005c").replace("\n", "\\u000a")
            return b"V" + escaped.encode("raw-unicode-escape") + b"\n"
        raw = value.encode()
        if self.protocol >= 4 and len(raw) < 256:
            return b"\x8c" + bytes([len(raw)]) + raw
        return b"X" + struct.pack("<I", len(raw)) + raw

    def _global(self, value: Global) -> bytes:
        if self.protocol >= 4:
            return self.code(value.module) + self.code(value.name) + b"\x93"
        return f"c{value.module}\n{value.name}\n".encode()

    def _bytes(self, value: bytes) -> bytes:
        if self.protocol < 3:
            return self.code(Call(Global("_codecs", "encode"), (value.decode("latin-1"), "latin1")))
        return b"B" + struct.pack("<I", len(value)) + value

    def _bytearray(self, value: bytearray) -> bytes:
        return b"\x96" + struct.pack("<Q", len(value)) + bytes(value)

    def _int(self, value: int) -> bytes:
        if self.protocol == 0:
            return b"L%dL\n" % value
        if 0 <= value < 256:
            return b"K" + bytes([value])
        if -(2**31) <= value < 2**31:
            return b"J" + struct.pack("<i", value)
        raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        return b"\x8a" + bytes([len(raw)]) + raw

    def _bool(self, value: bool) -> bytes:
        if self.protocol < 2:
            return b"I01\n" if value else b"I00\n"
        return b"\x88" if value else b"\x89"

    def _float(self, value: float) -> bytes:
        return b"F%r\n" % value if self.protocol == 0 else b"G" + struct.pack(">d", value)

    def _NoneType(self, _: None) -> bytes:
        return b"N"

    def _tuple(self, value: tuple[Any, ...]) -> bytes:
        return b"(" + b"".join(map(self.code, value)) + b"t"

    def _list(self, value: list[Any]) -> bytes:
        if self.protocol == 0:
            return b"(l" + b"".join(self.code(item) + b"a" for item in value)
        return b"](" + b"".join(map(self.code, value)) + b"e"

    def _dict(self, value: dict[Any, Any]) -> bytes:
        pairs = [self.code(key) + self.code(item) for key, item in value.items()]
        if self.protocol == 0:
            return b"(d" + b"".join(pair + b"s" for pair in pairs)
        return b"}(" + b"".join(pairs) + b"u"

    def _Call(self, node: Call) -> bytes:
        return self.code(node.function) + self.code(node.args) + b"R"

    def _New(self, node: New) -> bytes:
        return self.code(node.kind) + self.code(node.args) + b"\x81"

    def _Built(self, node: Built) -> bytes:
        return self.code(node.value) + self.code(node.state) + b"b"

    def _Filled(self, node: Filled) -> bytes:
        pairs = [self.code(key) + self.code(item) for key, item in node.items.items()]
        return self.code(node.value) + b"(" + b"".join(pairs) + b"u"

    def _Persistent(self, node: Persistent) -> bytes:
        return self.code(node.identity) + b"Q"

    def _Raw(self, node: Raw) -> bytes:
        return node.code


def pickled(value: Any, protocol: int = 2) -> bytes:
    """A value as a pickle."""
    return Assembler(protocol).dump(value)


def b_float(*values: float) -> bytes:
    """Numbers as little-endian float32."""
    return struct.pack(f"<{len(values)}f", *values)


def legacy_stream(value: Any, storages: dict[str, bytes], itemsize: int = 4) -> bytes:
    """What torch.save wrote before it wrote archives."""
    head = [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True}]
    parts = [pickled(item) for item in [*head, value, list(storages)]]
    parts += [struct.pack("<q", len(raw) // itemsize) + raw for raw in storages.values()]
    return b"".join(parts)


def storage(key: str, count: int, kind: str = "FloatStorage", *, view: bool = True) -> Persistent:
    """The persistent id of a storage; `view` is a sixth field that only legacy streams have."""
    identity = ("storage", Global("torch", kind), key, "cpu", count, None)
    return Persistent(identity if view else identity[:5])


def tensor(source: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> Call:
    """A tensor of a storage, as torch pickles it."""
    hooks = Call(Global("collections", "OrderedDict"), ())
    return Call(Global("torch._utils", "_rebuild_tensor_v2"), (source, offset, shape, strides, False, hooks))


def nested(raw: bytes, count: int, kind: str = "FloatStorage") -> Call:
    """A storage as a plain pickle holds it: a legacy stream of its own."""
    stream = legacy_stream(storage("7", count, kind), {"7": raw}, itemsize=len(raw) // max(count, 1) or 4)
    return Call(Global("torch.storage", "_load_from_bytes"), (stream,))
