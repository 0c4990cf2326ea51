"""What the weight files of both networks are: safetensors that name their format, read with suspicion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from doesnotexist.errors import WeightsInvalid

Number = TypeVar("Number", bound=np.floating[Any])


def metadata_of(content: bytes, format: str, source: str) -> dict[str, str]:
    """What a file of this format says of itself; WeightsInvalid for any other file."""
    length = int.from_bytes(content[:8], "little")
    try:
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsInvalid(source, "not a safetensors file with metadata") from error
    if not isinstance(metadata, dict) or metadata.get("format") != format:
        raise WeightsInvalid(source, f"expected format {format!r} in the metadata")
    return metadata


def tensors_of(
    content: bytes, shapes: Mapping[str, tuple[int, ...]], kind: type[Number], source: str
) -> dict[str, npt.NDArray[Number]]:
    """The tensors as numbers of this kind; WeightsInvalid unless every name, shape and number is right."""
    try:
        stored = load(content)
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise WeightsInvalid(source, f"its tensors cannot be read ({error})") from error
    found = {name: tensor.shape for name, tensor in stored.items()}
    if odd := sorted(found.items() ^ shapes.items()):
        name, shape = odd[0]
        raise WeightsInvalid(source, f"expected exactly the tensors described; {name} {shape} differs")
    tensors = {name: tensor.astype(kind) for name, tensor in stored.items()}
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise WeightsInvalid(source, "a tensor holds a number that is not finite")
    return tensors
