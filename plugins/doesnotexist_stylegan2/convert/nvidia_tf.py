"""NVIDIA's TensorFlow pickles (stylegan2, stylegan2-ada): a tuple (G, D, Gs), of which Gs is converted.

Names and transforms: https://github.com/NVlabs/stylegan2-ada-pytorch, legacy.py; read, not copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from doesnotexist.errors import quoted

from .arrays import Floats, Numbers, collect, is_numbers, materialise
from .limits import broken, named
from .network import Converted, Said, assemble, taps_of
from .symbols import NETWORK
from .values import Array, Record, Tensor

_VERSIONS = (4, 5)  # stylegan2, stylegan2-ada

_DIMENSIONS = {
    "latent_size": "z_dim",
    "label_size": "c_dim",
    "dlatent_size": "w_dim",
    "resolution": "resolution",
    "num_channels": "channels",
    "mapping_layers": "mapping_layers",
    "fmap_max": "channel_max",
    "architecture": "architecture",
    "use_noise": "use_noise",
}

_MAX_PARTS = 16  # of one network: two are known; parts of parts that are one and the same multiply

_LABELS_OF_STYLEGAN2 = "mapping/LabelConcat/weight"  # those of ADA are in LabelEmbed, with a bias

_LAYERS = {"Conv": "conv1", "Conv1": "conv1", "Conv0_up": "conv0", "ToRGB": "torgb", "Skip": "skip"}


def is_mine(root: object) -> bool:
    """Whether this is such a pickle: a network, or three of which the last is the averaged generator."""
    return _generator(root) is not None


def _generator(root: object) -> Record | None:
    found = root[-1] if isinstance(root, tuple | list) and len(root) == 3 else root
    return found if isinstance(found, Record) and found.kind == NETWORK else None


def convert(root: object) -> Converted:
    """The averaged generator Gs."""
    network = _generator(root)
    if network is None:
        raise broken("a TensorFlow pickle without a generator")
    version = network.state.get("version")
    if version not in _VERSIONS:
        raise broken(
            f"a TensorFlow network of version {named(version)}, expected 4 (stylegan2) or 5 (stylegan2-ada)"
        )
    variables = collect(_variables(network))
    said = _said(_options(network), joined=_LABELS_OF_STYLEGAN2 in variables)
    return assemble(f"nvidia-tf-{version}", collect(_renamed(materialise(variables))), said)


def _options(network: Record) -> dict[object, object]:
    """The options of the parts and, before them, those of the whole."""
    options = network.state.get("static_kwargs")
    if not isinstance(options, dict):
        raise broken("a TensorFlow network without its options")
    found: dict[object, object] = {}
    for part in _parts(network).values():
        given = part.state.get("static_kwargs")
        found |= given if isinstance(given, dict) else {}
    return found | options


def _parts(network: Record) -> dict[str, Record]:
    """The networks that a network is made of, by name."""
    parts = network.state.get("components", {})
    if not isinstance(parts, dict) or len(parts) > _MAX_PARTS:
        raise broken("a TensorFlow network whose components are no dict, or too many")
    if not all(
        isinstance(name, str) and isinstance(part, Record) and part.kind == NETWORK
        for name, part in parts.items()
    ):
        raise broken("a TensorFlow component that is no network")
    return parts


def _variables(network: Record, prefix: str = "", depth: int = 3) -> Iterator[tuple[str, Numbers]]:
    """Full name and value of each variable, those of the parts included."""
    variables = network.state.get("variables")
    if not depth or not isinstance(variables, list):
        raise broken("a TensorFlow network without variables, or one inside itself")
    for variable in variables:
        match variable:
            case (str() as name, value) if is_numbers(value):
                yield prefix + name, value
            case _:
                raise broken("a TensorFlow variable that is no numbers")
    for name, part in _parts(network).items():
        yield from _variables(part, f"{prefix}{name}/", depth - 1)


def _said(options: Mapping[object, object], joined: bool) -> Said:
    """What the options say; an absent one has the default of NVIDIA's build function: part of the format."""
    # None stands for the default too, but for the filter, where it is a box: two taps
    given = {name: value for name, value in options.items() if value is not None}
    if given.get("normalize_latents", True) is not True:
        raise broken("a mapping network that does not normalise its input; no loader here can run it")
    activations = given.get("nonlinearity", "lrelu"), given.get("mapping_nonlinearity", "lrelu")
    lr_multiplier, clamp = given.get("mapping_lrmul", 0.01), given.get("conv_clamp")
    if not all(isinstance(activation, str) for activation in activations):
        raise broken("a TensorFlow network whose options are no texts")
    if not isinstance(lr_multiplier, int | float) or not isinstance(clamp, int | float | None):
        raise broken("a TensorFlow network whose options are no numbers")
    halves = given.get("num_fp16_res", 0)
    return Said(
        activation=str(activations[0]),
        mapping_activation=str(activations[1]),
        lr_multiplier=lr_multiplier,
        resample_filter=_filter(options.get("resample_kernel", [1, 3, 3, 1])),
        conv_clamp=clamp,
        labels_joined=joined,
        half_blocks=halves if type(halves) is int else None,
        dimensions=_dimensions(given),
        facts={"num_fp16_res": halves} if type(given.get("num_fp16_res")) is int else {},
    )


def _filter(taps: object) -> tuple[float, ...]:
    match taps:
        case None:
            return (1.0, 1.0)
        case [*numbers] if len(numbers) <= 8 and all(isinstance(tap, int | float) for tap in numbers):
            return tuple(float(tap) for tap in numbers if isinstance(tap, int | float))
        case Array() | Tensor():
            return taps_of(materialise({"resample_kernel": taps})["resample_kernel"])
    raise broken("a TensorFlow network whose resampling filter is no list of numbers")


def _dimensions(options: Mapping[object, object]) -> dict[str, object]:
    found = {ours: options[theirs] for theirs, ours in _DIMENSIONS.items() if theirs in options}
    base = options.get("fmap_base", 16384)
    if isinstance(base, int):
        found["channel_base"] = 2 * base  # NVIDIA's PyTorch networks count channels at one level lower
        found.setdefault("channel_max", 512)
    return found


def _renamed(variables: Mapping[str, Floats]) -> Iterator[tuple[str, Floats]]:
    """NVIDIA's PyTorch name of each variable, its axes in PyTorch's order."""
    for name, value in variables.items():
        match name.split("/"):
            case ["lod"]:
                pass  # left over from progressive growing
            case ["dlatent_avg"]:
                yield "mapping.w_avg", value
            case ["mapping", "LabelConcat", "weight"]:
                yield "mapping.embed.weight", value.T
            case ["mapping", layer, kind]:
                yield _mapping_name(layer, kind), value.T if kind == "weight" else value
            case ["synthesis", noise]:
                yield _noise_name(noise), _without_ones(value, 2)
            case ["synthesis", "4x4", "Const", "const"]:
                yield "synthesis.b4.const", _without_ones(value, 1)
            case ["synthesis", size, layer, kind] if layer in _LAYERS:
                end, changed = _layer_variable(layer, kind, value)
                yield f"synthesis.b{_side(size)}.{_LAYERS[layer]}.{end}", changed
            case _:
                raise _unknown(name)


def _mapping_name(layer: str, kind: str) -> str:
    if layer == "LabelEmbed":
        return f"mapping.embed.{kind}"
    if not layer.startswith("Dense"):
        raise _unknown(layer)
    return f"mapping.fc{layer.removeprefix('Dense')}.{kind}"


def _noise_name(noise: str) -> str:
    """noise0 is of 4x4, then there are two for each resolution."""
    digits = noise.removeprefix("noise")
    if not digits.isdecimal() or len(digits) > 2:
        raise _unknown(noise)
    index = int(digits)
    return f"synthesis.b{1 << (index + 5) // 2}.conv{1 - index % 2}.noise_const"


def _side(size: str) -> str:
    side, _, other = size.partition("x")
    if side != other:
        raise _unknown(size)
    return side


def _layer_variable(layer: str, kind: str, value: Floats) -> tuple[str, Floats]:
    match kind:
        case "weight" if value.ndim == 4:
            # TensorFlow's up-convolution turns its kernel by 180 degrees when it runs, PyTorch's does not.
            kernel = value[::-1, ::-1] if layer in ("Conv0_up", "Skip") else value
            return "weight", kernel.transpose(3, 2, 0, 1)  # (kh, kw, in, out) -> (out, in, kh, kw)
        case "mod_weight":
            return "affine.weight", value.T
        case "mod_bias":
            return "affine.bias", value + np.float32(1)  # TensorFlow adds the one when it runs
        case "bias" | "noise_strength":
            return kind, value
    raise _unknown(f"{layer}/{kind}")


def _without_ones(value: Floats, axes: int) -> Floats:
    """Without the leading axes, of length one each, that TensorFlow keeps for batch and channel."""
    if value.ndim <= axes or value.shape[:axes] != (1,) * axes:
        raise broken(f"a TensorFlow variable of shape {value.shape}")
    return value.reshape(value.shape[axes:])


def _unknown(name: str) -> Exception:
    return broken(f"variable {quoted(name)} belongs to no StyleGAN2 generator")
