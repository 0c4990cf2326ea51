"""The process that reads what a stranger brought: one question about one or two files, one answer.

The parent (`reading`) starts it. A decoder that is made to crash, to hang or to fill the memory costs that
answer and nothing else.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from ..confinement import Forbidden, enter, lock, tell
from ..media import PICTURE_FORMATS
from ..provenance.credentials import SIGNED, installed, read_signature
from ..provenance.marks import TooLarge, read
from .comparing import beside, difference

MEMORY_BYTES = 1 << 30  # two pictures of the largest size that is decoded, several times over
CPU_SECONDS = 10
REPORT_BYTES = 1 << 20


def main() -> int:
    """Confine this process, read the question and the files from stdin, answer on stderr."""
    enter(MEMORY_BYTES, CPU_SECONDS, REPORT_BYTES)
    question = json.loads(sys.stdin.buffer.readline())  # the parent's own words; the files are behind them
    _import(question["format"])
    lock("ctypes.", "array.__new__")  # as c2pa is called, and as Pillow holds the tables of a JPEG
    try:
        tell(answer(question, *(sys.stdin.buffer.read(size) for size in question["sizes"])))
    except MemoryError:
        tell({"stopped": f"it needs more than {MEMORY_BYTES >> 20} MB of memory"})
    except (Exception, Forbidden) as error:  # the wall: the parent must get one line, whatever happens here
        tell({"stopped": f"its reader failed ({type(error).__name__})"})
    return 0


def answer(question: dict[str, Any], given: bytes, made: bytes = b"") -> dict[str, Any]:
    """What there is to say of a file; or of how it differs from what was made, if that is given too."""
    format = question["format"]
    if made:
        return _compared(given, made, format)
    try:
        mark = read(given, format)
    except TooLarge as error:
        return {"stopped": str(error)}
    signature = read_signature(given, format, question["authorities"])
    return {"mark": asdict(mark), "signature": asdict(signature) if signature else None}


def _compared(given: bytes, made: bytes, format: str) -> dict[str, Any]:
    try:
        found = difference(given, made, format)
        return {"difference": asdict(found) if found else None, "beside": beside(given, made, format)}
    except (ValueError, RecursionError) as error:
        return {"unreadable": str(error) or type(error).__name__}


def _import(format: str) -> None:
    """What will be needed, before nothing can be imported any more."""
    if format in PICTURE_FORMATS:
        import numpy as np
        from PIL import AvifImagePlugin, Image, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

        Image.preinit()
        np.array([0]).mean()  # which imports a part of numpy
    if format in SIGNED and installed():
        import c2pa  # noqa: F401
