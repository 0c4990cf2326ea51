"""What the doctor says of the kernels."""

from __future__ import annotations

from doesnotexist.errors import InvalidParameter

from .build import Unavailable, engine
from .setting import VARIABLE, resolved


def diagnosis() -> tuple[bool, str, str]:
    """Whether all is well, what was found, advice; compiles the engine if that has not been done."""
    try:
        wanted = resolved("auto")
    except InvalidParameter as error:
        return False, str(error), f"unset {VARIABLE}"
    if wanted in ("plain", "bf16"):
        return True, f"{wanted}, as {VARIABLE} says", ""
    found = engine()
    if isinstance(found, Unavailable):
        return wanted == "auto", f"plain, since {found.reason}", "install g++ or clang: twice as fast"
    return True, "fast, compiled for this machine", ""
