"""What the reading process takes from itself before it looks at a checkpoint. Each fence stands alone.

    memory, CPU time, file size                resource limits (POSIX; macOS does not enforce the first)
    network                                    own user and network namespace (Linux, where that is allowed)
    imports, files, sockets, processes, exec   audit hook (everywhere); it cannot be taken off again

The hook is a belt: it sees what Python does, not what native code does. But the reader calls nothing that
a checkpoint names, so there is nothing for the fences to stop unless the reader itself has a bug.
"""

from __future__ import annotations

import codecs
import os
import sys

MEMORY_BYTES = 2 << 30  # beside the checkpoint itself, which is mapped and not copied
CPU_SECONDS = 60
OUTPUT_BYTES = 1 << 30

CODECS = ("ascii", "latin-1", "utf-8", "raw_unicode_escape", "unicode_escape")

# What Python reports of harmless doings; anything else that is reported after `lock` is refused.
HARMLESS = frozenset({"mmap.__new__", "object.__getattr__", "builtins.id"})


def limit(input_bytes: int) -> None:
    """Lower the process's own limits; where the platform has none, only the parent's clock remains."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in [
        (resource.RLIMIT_AS, MEMORY_BYTES + input_bytes),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
    ]:
        hard = resource.getrlimit(what)[1]
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (lowered, lowered))


def leave_network() -> bool:
    """Move into a network namespace of its own, where there is no network; whether that was possible."""
    if not sys.platform.startswith("linux"):
        return False
    new_user, new_network = 0x10000000, 0x40000000  # <linux/sched.h>
    if hasattr(os, "unshare"):  # Python 3.12
        try:
            os.unshare(new_user | new_network)
        except OSError:
            return False
        return True
    import ctypes

    return bool(ctypes.CDLL(None).unshare(new_user | new_network) == 0)


def lock() -> None:
    """From here on the process may compute and write to what it has open, and nothing else."""
    for name in CODECS:  # a codec's first use imports it
        codecs.lookup(name)
    sys.addaudithook(_refuse)


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event not in HARMLESS:
        raise PermissionError(f"the reader of checkpoints may not do {event}")
