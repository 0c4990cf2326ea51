"""Which kernels there are, and which of them the operator wants where a program does not say."""

from __future__ import annotations

import os
from typing import Literal, get_args

from doesnotexist.errors import InvalidParameter

Kernels = Literal["auto", "plain", "fast", "bf16", "cuda"]

KERNELS: tuple[str, ...] = get_args(Kernels)

VARIABLE = "DOESNOTEXIST_KERNELS"


def resolved(kernels: str) -> str:
    """`kernels`, or what the environment says instead of `auto`; raises `InvalidParameter` if it is none."""
    found = os.environ.get(VARIABLE, kernels) if kernels == "auto" else kernels
    if found not in KERNELS:
        name = "kernels" if found == kernels else VARIABLE
        raise InvalidParameter(name, f"one of {', '.join(KERNELS)}", found)
    return found
