"""Read and write the project's StyleGAN2 weight files: safetensors with the architecture in the metadata."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from doesnotexist.errors import WeightsInvalid

from . import lucidrains
from .architecture import Architecture
from .canonical import canonical
from .heap import keep_heap
from .network import Network

Source = str | PathLike[str] | bytes

_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def read_network(data: Source) -> Network | lucidrains.Network:
    """The network of a file, or of a file's bytes, in float32; the file's format says of which kind.

    Names, shapes and values are all checked before the network is built; raises `WeightsInvalid`. A file is
    mapped, not copied: while a network is in use, its file may be replaced or removed, but not written into.
    """
    keep_heap()  # what one step of loading gives back, the next one takes
    source = "StyleGAN2 weights" if isinstance(data, bytes) else os.fspath(data)
    try:
        tensors, metadata = _parsed(data) if isinstance(data, bytes) else _mapped(data)
        architecture = _architecture(tensors, metadata)
    except (SafetensorError, ValueError) as error:
        raise WeightsInvalid(source, f"not a safetensors file: {error}") from error
    except OSError as error:
        raise WeightsInvalid(source, f"cannot be read: {error.strerror or error}") from error
    check_tensors(architecture, tensors, source)
    if isinstance(architecture, lucidrains.Architecture):
        return lucidrains.filled(architecture, tensors, source)
    with torch.device("meta"):  # random starting values would cost more time than reading the file
        network = Network(architecture)
    return _filled(network, tensors)


def write_network(network: Network, path: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write atomically: the file is there whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with part.open("wb") as stream:
        stream.write(network_bytes(network, dtype))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def network_bytes(network: Network, dtype: torch.dtype = torch.float16) -> bytes:
    """The file of a network, the same bytes each time."""
    names = network.architecture.shapes()
    state = network.state_dict()
    tensors = {name: state[name].detach().to("cpu", dtype).contiguous() for name in names}
    check_tensors(network.architecture, tensors, "StyleGAN2 network")
    return b"".join(canonical(save(tensors, network.architecture.to_metadata())))


def check_tensors(
    architecture: Architecture | lucidrains.Architecture, tensors: Mapping[str, Tensor], source: str
) -> None:
    """Raise `WeightsInvalid` unless these are the tensors of this architecture, all of them finite."""
    shapes = architecture.shapes()
    missing, extra = sorted(shapes.keys() - tensors.keys()), sorted(tensors.keys() - shapes.keys())
    if missing or extra:
        raise WeightsInvalid(source, f"missing tensors {_some(missing)}, unknown tensors {_some(extra)}")
    for name, shape in shapes.items():
        tensor = tensors[name]
        if tuple(tensor.shape) != shape:
            raise WeightsInvalid(source, f"{name}: expected shape {shape}, found {tuple(tensor.shape)}")
        if tensor.dtype not in _FLOATS:
            raise WeightsInvalid(source, f"{name}: expected floating-point numbers, found {tensor.dtype}")
        if not all(map(math.isfinite, _extremes(tensor))):
            raise WeightsInvalid(source, f"{name}: holds values that are not finite")


def _extremes(tensor: Tensor) -> tuple[float, float]:
    """The smallest and the largest number in float32, both NaN if one is: quicker than `isfinite` by far."""
    low, high = tensor.aminmax()
    return float(low.float()), float(high.float())


def _architecture(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> Architecture | lucidrains.Architecture:
    if metadata.get("format") == lucidrains.FORMAT:
        return lucidrains.Architecture.of(metadata, tensors)
    return Architecture.from_metadata(metadata)


def _mapped(path: str | PathLike[str]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a file; numbers come from the disk when they are first used."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118 - no dict


def _parsed(content: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a file's bytes."""
    tensors = load(content)  # has checked that the header is one
    size = int.from_bytes(content[:8], "little")
    return tensors, dict(json.loads(content[8 : 8 + size]).get("__metadata__", {}))


def _filled(network: Network, tensors: Mapping[str, Tensor]) -> Network:
    state = {name: tensor.float() for name, tensor in tensors.items()}
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "none"
