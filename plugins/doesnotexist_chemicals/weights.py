"""The weights file: fp16 tensors, with the network's shape and the vocabulary in its metadata."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from doesnotexist.errors import WeightsInvalid

from .config import Config
from .network import Network
from .tokens import Vocabulary

if TYPE_CHECKING:
    from .model import MoleculeGPT

FORMAT = "doesnotexist-molecules-1"
LIMITS = {"layers": 64, "width": 4096, "context": 1024}  # a hostile header must not ask for all memory


def write(path: Path, model: MoleculeGPT, vocabulary: Vocabulary) -> dict[str, Any]:
    """Save in fp16, replacing the file in one step; returns its sha256, size and parameter count."""
    from safetensors.torch import save

    tensors = {name: t.detach().half().contiguous() for name, t in model.state_dict().items()}
    metadata = {
        "format": FORMAT,
        "config": json.dumps(model.config.as_dict()),
        "merges": json.dumps(vocabulary.merges),
    }
    content = save(tensors, metadata)
    beside = path.with_suffix(".part")
    beside.write_bytes(content)
    beside.replace(path)
    return {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "parameters": sum(t.numel() for t in tensors.values()),
    }


def read(content: bytes, source: str = "weights") -> tuple[Network, Vocabulary]:
    """The network (float32) and its vocabulary; WeightsInvalid unless every name, shape, number is right."""
    metadata, vocabulary = _header(content, source), Vocabulary()
    try:
        config = Config(**{name: int(value) for name, value in json.loads(metadata["config"]).items()})
        vocabulary = Vocabulary(tuple((int(a), int(b)) for a, b in json.loads(metadata["merges"])))
        tensors = load(content)
    except (AttributeError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise WeightsInvalid(source, f"its metadata or tensors cannot be read ({error})") from error
    _check_config(config, vocabulary, source)
    found = {name: t.shape for name, t in tensors.items()}
    if found != config.shapes():
        odd = sorted(found.items() ^ config.shapes().items())[0]
        raise WeightsInvalid(source, f"expected exactly the tensors of {config}; {odd[0]} {odd[1]} differs")
    single = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
    if not all(np.isfinite(tensor).all() for tensor in single.values()):
        raise WeightsInvalid(source, "a tensor holds a number that is not finite")
    return Network(config, single), vocabulary


def _header(content: bytes, source: str) -> dict[str, str]:
    length = int.from_bytes(content[:8], "little")
    try:
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsInvalid(source, "not a safetensors file with metadata") from error
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise WeightsInvalid(source, f"expected format {FORMAT!r} in the metadata")
    return metadata


def _check_config(config: Config, vocabulary: Vocabulary, source: str) -> None:
    if config.vocabulary != len(vocabulary):
        raise WeightsInvalid(source, f"{config.vocabulary} tokens announced, {len(vocabulary)} described")
    if not all(0 < getattr(config, name) <= limit for name, limit in LIMITS.items()) or config.width % 64:
        raise WeightsInvalid(source, f"{config} breaks the limits {LIMITS}, or its width no multiple of 64")
