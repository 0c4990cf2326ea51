"""NVIDIA's PyTorch pickles (stylegan2-ada-pytorch, stylegan3): training snapshots, whose G_ema is converted.
G is, and the file says so, where a snapshot has been left with nothing else.

Each network is a tree of records, one for each module, that hold its parameters and everything it was
built with. The module source that comes with it is never looked at: if somebody changed it, the tensors
still have to make a StyleGAN2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from doesnotexist.errors import quoted

from .arrays import Numbers, collect, materialise
from .limits import broken
from .network import Converted, Said, assemble, one_of, taps_of
from .values import Record, Tensor

_DIMENSIONS = {
    "z_dim": "z_dim",
    "c_dim": "c_dim",
    "w_dim": "w_dim",
    "img_resolution": "resolution",
    "img_channels": "channels",
}
_MAX_MODULES = 4096
_MAX_MEMBERS = 64  # tensors of one module: five are known; modules may share a dict of nothing
_ROOT = "Generator"


def is_mine(root: object) -> bool:
    """Whether this is a snapshot with a generator, or a generator alone."""
    return _generator(root)[1] is not None


def _generator(root: object) -> tuple[str, Record | None]:
    """The name of the generator in the snapshot, and the generator."""
    members = root if isinstance(root, dict) else {"G_ema": root}
    for name in ("G_ema", "G"):
        if isinstance(found := members.get(name), Record) and found.kind == _ROOT:
            return name, found
    return "", None


def convert(root: object) -> Converted:
    """The averaged generator G_ema."""
    name, generator = _generator(root)
    if generator is None:
        raise broken("a PyTorch pickle without a generator")
    modules = dict(_modules(generator))
    if "SynthesisInput" in {module.kind for module in modules.values()}:
        raise broken("a StyleGAN3 network; only StyleGAN2 networks can be converted")
    tensors = collect(_tensors(modules))
    filters = {name: value for name, value in tensors.items() if name.endswith("resample_filter")}
    weights = materialise({name: value for name, value in tensors.items() if name not in filters})
    taps = one_of("the resampling filter", map(taps_of, materialise(filters).values()), (1.0, 3.0, 3.0, 1.0))
    facts = {} if name == "G_ema" else {"averaged": "no: the checkpoint holds G and no G_ema"}
    return assemble("nvidia-torch", weights, _said(generator, modules, taps, facts))


def _modules(root: Record) -> Iterator[tuple[str, Record]]:
    """Dotted name and record of every module, the root's name being empty."""
    waiting = [("", root)]
    for _ in range(_MAX_MODULES):
        if not waiting:
            return
        prefix, module = waiting.pop()
        yield prefix, module
        children = module.state.get("_modules", {})
        if not isinstance(children, dict) or len(children) + len(waiting) > _MAX_MODULES or len(prefix) > 200:
            raise broken("a network whose modules are no dict, or too many")
        for name, child in children.items():
            if not isinstance(name, str) or not name.isprintable() or not isinstance(child, Record | None):
                raise broken("a network whose modules are no modules")
            if child is not None:
                waiting.append((f"{prefix}{name}.", child))
    raise broken("a network of more modules than any known one")  # or one that contains itself


def _tensors(modules: dict[str, Record]) -> Iterator[tuple[str, Numbers]]:
    for prefix, module in modules.items():
        for group in ("_parameters", "_buffers"):
            members = module.state.get(group, {})
            if not isinstance(members, dict) or len(members) > _MAX_MEMBERS:
                raise broken("a module whose tensors are no dict, or too many")
            for name, value in members.items():
                if not isinstance(value, Tensor | None):
                    raise broken(f"{prefix}{quoted(name)} is no tensor")
                if value is not None:
                    yield f"{prefix}{name}", value


def _said(
    generator: Record, modules: dict[str, Record], taps: tuple[float, ...], facts: Mapping[str, object]
) -> Said:
    """What the modules remember of how they were built."""
    layers = _of(modules, "SynthesisLayer")
    blocks = _of(modules, "SynthesisBlock")
    dense = [m for name, m in modules.items() if name.startswith("mapping.fc")]
    halves = sum(block.state.get("use_fp16") is True for block in blocks)
    return Said(
        activation=_common(layers, "activation", str, "lrelu"),
        mapping_activation=_common(dense, "activation", str, "lrelu"),
        lr_multiplier=_common(dense, "bias_gain", (int, float), 0.01),
        resample_filter=taps,
        conv_clamp=_common(layers + _of(modules, "ToRGBLayer"), "conv_clamp", (int, float, type(None)), None),
        half_blocks=halves if any("use_fp16" in block.state for block in blocks) else None,
        dimensions=_dimensions(generator, modules, _common(blocks, "architecture", str, None)),
        facts={"num_fp16_res": halves, **facts},
    )


def _of(modules: dict[str, Record], kind: str) -> list[Record]:
    return [module for module in modules.values() if module.kind == kind]


def _dimensions(generator: Record, modules: dict[str, Record], architecture: str | None) -> dict[str, object]:
    state = generator.state
    found = {ours: state[theirs] for theirs, ours in _DIMENSIONS.items() if theirs in state}
    if architecture is not None:
        found["architecture"] = architecture
    synthesis = modules.get("synthesis.")
    options = synthesis.state.get("_init_kwargs") if synthesis else None
    if isinstance(options, dict):
        found["channel_base"] = options.get("channel_base", 32768)
        found["channel_max"] = options.get("channel_max", 512)
    return found


def _common(records: list[Record], name: str, kinds: type | tuple[type, ...], default: Any) -> Any:
    """The value that all records have for a field; NVIDIA's default if they were written without it."""
    values = [record.state[name] for record in records if name in record.state]
    if not all(isinstance(value, kinds) for value in values):
        raise broken(f"a network whose {name} is no such thing")
    return one_of(name, values, default)
