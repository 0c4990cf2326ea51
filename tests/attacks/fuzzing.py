"""Inputs by the thousand, each of a seed of its own; one that breaks something is kept as a file.

`FUZZ_SEED=n` begins elsewhere. What is kept under `kept/NAME/` is tried again by `test_fuzz.py` for ever.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

KEPT = Path(__file__).parent / "kept"


@contextmanager
def keeping(name: str, seed: int, data: bytes, folder: Path = KEPT) -> Iterator[None]:
    """Keep `data` if the block fails with it, and say where, and by which seed it came."""
    try:
        yield
    except BaseException as error:
        path = folder / name / hashlib.sha256(data).hexdigest()[:16]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        error.add_note(f"{name}: seed {seed}, kept as {path.relative_to(folder.parent)}")
        raise


def fuzz(name: str, mutated: Callable[[Random], bytes], check: Callable[[bytes], object], count: int) -> None:
    """Check `count` inputs; the seeds are printed."""
    first = int(os.environ.get("FUZZ_SEED", "0"))
    print(f"{name}: seeds {first} to {first + count - 1}")
    for seed in range(first, first + count):
        data = mutated(Random(seed))
        with keeping(name, seed, data):
            check(data)
