"""The weights file: fp16 tensors, with the network's shape and the vocabulary in its metadata."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from doesnotexist.errors import WeightsInvalid

from .config import Config
from .container import metadata_of, tensors_of
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
    metadata = metadata_of(content, FORMAT, source)
    try:
        config = Config(**{name: int(value) for name, value in json.loads(metadata["config"]).items()})
        vocabulary = Vocabulary(tuple((int(a), int(b)) for a, b in json.loads(metadata["merges"])))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise WeightsInvalid(source, f"its metadata cannot be read ({error})") from error
    _check_config(config, vocabulary, source)
    return Network(config, tensors_of(content, config.shapes(), np.float32, source)), vocabulary


def _check_config(config: Config, vocabulary: Vocabulary, source: str) -> None:
    if config.vocabulary != len(vocabulary):
        raise WeightsInvalid(source, f"{config.vocabulary} tokens announced, {len(vocabulary)} described")
    if not all(0 < getattr(config, name) <= limit for name, limit in LIMITS.items()) or config.width % 64:
        raise WeightsInvalid(source, f"{config} breaks the limits {LIMITS}, or its width no multiple of 64")
