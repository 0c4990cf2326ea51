"""One network, one file: safetensors gives metadata another order each time, and files another digest."""

from __future__ import annotations

import json


def canonical(content: bytes) -> tuple[bytes, memoryview]:
    """A safetensors file -> its header anew, the keys of its metadata in order; and all its numbers"""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of 8, as safetensors itself lays them
    return len(text).to_bytes(8, "little") + text, memoryview(content)[8 + size :]
