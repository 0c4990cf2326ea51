"""lucidrains' stylegan2-pytorch checkpoints: another network than NVIDIA's; its averaged tensors are written
as they are.

The file says `doesnotexist-lucidrains/1`, so that nobody mistakes it for a StyleGAN2 of NVIDIA's kind;
`load_generator` runs it all the same, by `doesnotexist_stylegan2.lucidrains`. What decides its architecture
beside the shapes lies in a `.config.json` beside the file.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping

from .arrays import Numbers, collect, materialise
from .limits import broken
from .network import Converted
from .torchfile import Container
from .values import Tensor

FORMAT = "doesnotexist-lucidrains/1"

_OPTIONS: Mapping[str, type | tuple[type, ...]] = {
    "image_size": int,
    "network_capacity": int,
    "lr_mlp": (int, float),
    "transparent": bool,
    "fq_layers": list,
    "fq_dict_size": int,
    "attn_layers": list,
    "no_const": bool,
}


def is_mine(root: object) -> bool:
    """Whether this is such a checkpoint."""
    return isinstance(root, dict) and isinstance(root.get("GAN"), dict)


def convert(root: object, container: Container, config: str | None) -> Converted:
    """The averaged networks `SE` (mapping) and `GE` (synthesis), under their own names."""
    if not isinstance(root, dict) or not isinstance(root.get("GAN"), dict):
        raise broken("a lucidrains checkpoint without its networks")
    tensors = materialise(collect(_averaged(root["GAN"])))
    mapping = [t.shape for name, t in tensors.items() if re.fullmatch(r"SE\.net\.\d+\.weight", name)]
    blocks = [name for name in tensors if re.fullmatch(r"GE\.blocks\.\d+\.to_rgb\.conv\.weight", name)]
    if not mapping or not blocks or any(len(shape) != 2 for shape in mapping):
        raise broken("a lucidrains checkpoint without its averaged networks SE and GE")
    architecture = {
        "kind": "lucidrains",
        "latent_dim": mapping[0][1],
        "style_depth": len(mapping),
        "image_size": 2 << len(blocks),  # the first block works at 4x4
        "channels": tensors[max(blocks, key=len)].shape[0],
        "version": root["version"] if isinstance(root.get("version"), str) else None,
        **_options(config),
    }
    if architecture["image_size"] != 2 << len(blocks):
        raise broken(
            f"its configuration says {architecture['image_size']} px, its tensors {2 << len(blocks)} px"
        )
    metadata = {"format": FORMAT, "architecture": json.dumps(architecture, sort_keys=True)}
    return Converted(f"lucidrains-{container}", tensors, metadata)


def _averaged(state: Mapping[object, object]) -> Iterator[tuple[str, Numbers]]:
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise broken("a state dict that holds something else than tensors")
        if name.startswith(("SE.", "GE.")):
            yield name, value


def _options(config: str | None) -> dict[str, object]:
    """The known options of the configuration file; without it only the shapes speak."""
    if config is None:
        return {}
    try:
        found = json.loads(config)
    except (ValueError, RecursionError):
        raise broken("its configuration file is no JSON") from None
    if not isinstance(found, dict):
        raise broken("its configuration file is no JSON object")
    for name, kind in _OPTIONS.items():
        if name in found and not (isinstance(found[name], kind) and _plain(found[name])):
            raise broken(f"its configuration file gives {name} a wrong type")
    return {name: found[name] for name in _OPTIONS if name in found}


def _plain(value: object) -> bool:
    """Whether a list holds integers only and a number is a finite one."""
    if isinstance(value, list):
        return all(type(item) is int for item in value)
    return not isinstance(value, float) or math.isfinite(value)
