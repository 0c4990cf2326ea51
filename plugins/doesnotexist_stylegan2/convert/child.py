"""The process that reads a checkpoint: a filter from stdin to stdout, with one report on stderr.

The parent (`jail`) starts it. It needs no file name, no folder and no network, and has none.
"""

from __future__ import annotations

import gc
import hashlib
import json
import mmap
import os
from typing import Any

from doesnotexist.confinement import Forbidden, enter, lock, tell
from doesnotexist.errors import ConversionRefused, DoesNotExistError, WeightsError, WeightsInvalid

from ..canonical import canonical
from .limits import SOURCE

MEMORY_BYTES = 2 << 30  # beside the checkpoint itself, which is mapped and not copied
CPU_SECONDS = 60
OUTPUT_BYTES = 1 << 30


def main(config: str | None = None) -> int:
    """Confine this process, convert stdin to stdout, report on stderr; 0 if it went well."""
    isolated = enter(MEMORY_BYTES + os.fstat(0).st_size, CPU_SECONDS, OUTPUT_BYTES)
    gc.disable()  # a checkpoint's objects make no garbage worth looking for
    from safetensors.numpy import save

    from .checkpoint import convert_bytes

    lock()
    try:
        report = _convert(config, save, convert_bytes)
        report["network"] = "none" if isolated else "refused by hook"
    except DoesNotExistError as error:
        report = _failure(error)
    except MemoryError:
        report = {"error": WeightsError.__name__, "detail": "it needs more memory than a conversion may take"}
    except (Exception, Forbidden) as error:  # the wall: the parent must get one line, whatever happens here
        detail = f"the reader failed: {type(error).__name__}: {error}"
        report = {"error": WeightsError.__name__, "detail": detail}
    tell(report)
    return int("error" in report)


def _convert(config: str | None, save: Any, convert_bytes: Any) -> dict[str, Any]:
    data = memoryview(mmap.mmap(0, 0, access=mmap.ACCESS_READ))
    converted = convert_bytes(data, config)
    digest = hashlib.sha256(data).hexdigest()
    for piece in canonical(save(converted.tensors, converted.metadata_with(digest))):
        _write(memoryview(piece))
    return {
        "source_format": converted.source_format,
        "source_sha256": digest,
        "format": converted.metadata["format"],
        "architecture": json.loads(converted.metadata["architecture"]),
        "facts": json.loads(converted.metadata.get("facts", "{}")),
        "tensors": len(converted.tensors),
        "parameters": sum(tensor.size for tensor in converted.tensors.values()),
    }


def _write(content: memoryview) -> None:
    while content:
        content = content[os.write(1, content) :]


def _failure(error: DoesNotExistError) -> dict[str, Any]:
    """What the parent needs to raise the same error with the file's name in it."""
    match error:
        case ConversionRefused():
            return {"error": ConversionRefused.__name__, "detail": error.offender}
        case WeightsInvalid() if error.source == SOURCE:
            return {"error": WeightsInvalid.__name__, "detail": error.reason}
    return {"error": WeightsInvalid.__name__, "detail": str(error)}
