"""Keep the heap: big tensors are made from memory that is already there.

glibc maps every large tensor afresh and gives it back at once, so each layer of a picture pays to have its
pages faulted in and zeroed by the kernel: at 1024 px that is more than half of the time of PyTorch's own
path.
"""

from __future__ import annotations

import ctypes
import functools
import sys

# Of <malloc.h>; the numbers are part of glibc's ABI.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3

_NEVER = 2**31 - 1


@functools.cache
def keep_heap() -> bool:
    """Tell glibc's malloc not to give memory back; for the whole process and for good.

    Returns whether it did: False on systems with another C library, where nothing is changed. The price is
    that the process keeps what its largest picture needed.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has no mallopt
        return False
    return all([mallopt(_MMAP_THRESHOLD, _NEVER), mallopt(_TRIM_THRESHOLD, _NEVER)])
