"""Small random StyleGAN2 generators, written as each code base does, by the real torch and numpy."""

from __future__ import annotations

import contextlib
import io
import math
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from doesnotexist_stylegan2.architecture import Architecture

SMALL = Architecture(
    z_dim=6,
    w_dim=6,
    resolution=16,
    mapping_layers=2,
    channel_base=64,
    channel_max=8,
    resample_filter=(1.0, 3.0, 3.0, 1.0),
)  # channels 8, 8, 4
LABELLED = Architecture(
    z_dim=6, w_dim=6, c_dim=3, resolution=8, mapping_layers=2, channel_base=32, channel_max=8, conv_clamp=256,
    half_blocks=0,
)  # fmt: skip

Tensors = dict[str, np.ndarray]

SOURCE = "raise SystemExit('the source ran')\n" * 200  # one text, which the memo shares between modules


def random_tensors(net: Architecture, seed: int = 0) -> Tensors:
    """Tensors of an architecture, all of them different."""
    draw = np.random.RandomState(seed)
    return {
        name: draw.randn(*shape).astype(np.float32) if shape else np.array(draw.randn(), np.float32)
        for name, shape in net.shapes().items()
    }


@contextlib.contextmanager
def named(members: dict[str, Any]) -> Iterator[None]:
    """Let pickle find functions and classes under the names they have in other people's code."""
    made = {}
    for place, member in members.items():
        path, _, name = place.rpartition(".")
        member.__module__, member.__qualname__, member.__name__ = path, name, name
        for end in range(1, path.count(".") + 2):
            part = ".".join(path.split(".")[:end])
            made.setdefault(part, types.ModuleType(part))
        setattr(made[path], name, member)
    sys.modules.update(made)
    try:
        yield
    finally:
        for part in made:
            del sys.modules[part]


# NVIDIA, PyTorch


class Persistent(nn.Module):
    """A module of one of NVIDIA's persistent classes."""

    def __init__(self, class_name: str, **fields: Any) -> None:
        super().__init__()
        self.class_name = class_name
        self._init_args, self._init_kwargs = (), fields.pop("_init_kwargs", {})
        for name, value in fields.items():
            setattr(self, name, value)

    def __reduce__(self) -> Any:
        state = {name: value for name, value in self.__dict__.items() if name != "class_name"}
        meta = {
            "type": "class",
            "version": 6,
            "module_src": SOURCE,
            "class_name": self.class_name,
            "state": state,
        }
        return _reconstruct_persistent_obj, (meta,)


def _reconstruct_persistent_obj(meta: Any) -> Any:
    raise NotImplementedError


class EasyDict(dict):  # type: ignore[type-arg]
    """NVIDIA's dict with attributes."""


def persistent_generator(net: Architecture, tensors: Tensors, fp16: int = 0) -> Persistent:
    """The module tree of NVIDIA's Generator."""
    clamp, linear = net.conv_clamp, {"weight_gain": 1.0}
    root = Persistent(
        "Generator",
        z_dim=net.z_dim,
        c_dim=net.c_dim,
        w_dim=net.w_dim,
        img_resolution=net.resolution,
        img_channels=net.channels,
        num_ws=net.num_ws,
        _init_kwargs=EasyDict(z_dim=net.z_dim),
    )
    root.synthesis = Persistent(
        "SynthesisNetwork", _init_kwargs={"channel_base": net.channel_base, "channel_max": net.channel_max}
    )
    root.mapping = Persistent("MappingNetwork", num_layers=net.mapping_layers)
    halves = set(net.block_resolutions[len(net.block_resolutions) - fp16 :])
    for name, value in tensors.items():
        *path, end = name.split(".")
        module: Any = root
        for depth, part in enumerate(path):
            if not hasattr(module, part):
                module.add_module(part, _made(part, path[:depth], net, clamp, linear, halves))
            module = getattr(module, part)
        held = torch.from_numpy(np.array(value))
        if end in ("w_avg", "noise_const"):
            module.register_buffer(end, held)
        else:
            setattr(module, end, nn.Parameter(held))
    return root


def _made(
    part: str, path: list[str], net: Architecture, clamp: Any, linear: Any, halves: set[int]
) -> Persistent:
    if part.startswith(("fc", "embed", "affine")):
        gain = net.lr_multiplier if part.startswith("fc") else 1
        act = (net.mapping_activation or net.activation) if part.startswith("fc") else "linear"
        return Persistent("FullyConnectedLayer", activation=act, bias_gain=gain, **linear)
    if part.startswith("conv"):
        made = Persistent(
            "SynthesisLayer",
            activation=net.activation,
            conv_clamp=clamp,
            use_noise=net.use_noise,
            act_gain=np.sqrt(2),
        )
    elif part == "skip":
        made = Persistent("Conv2dLayer", activation="linear", conv_clamp=None, up=2, act_gain=1)
        made.register_parameter("bias", None)
    elif part == "torgb":
        return Persistent("ToRGBLayer", conv_clamp=clamp, weight_gain=1 / np.sqrt(8))
    else:
        made = Persistent("SynthesisBlock", architecture=net.architecture, use_fp16=int(part[1:]) in halves)
    taps = torch.tensor(net.resample_filter)
    made.register_buffer("resample_filter", taps.outer(taps) / taps.sum() ** 2)
    return made


def nvidia_torch(
    net: Architecture, tensors: Tensors, *, protocol: int = 3, fp16: int = 0, snapshot: bool = True
) -> bytes:
    """A training snapshot; G differs from G_ema on purpose."""
    with named(
        {
            "torch_utils.persistence._reconstruct_persistent_obj": _reconstruct_persistent_obj,
            "dnnlib.util.EasyDict": EasyDict,
        }
    ):
        generator = persistent_generator(net, tensors, fp16)
        other = persistent_generator(net, random_tensors(net, seed=9))
        augment = Persistent("AugmentPipe", xflip=1.0, names={"a", "b"})
        augment.register_buffer("p", torch.zeros(()))
        whole = {
            "G": other,
            "D": augment,
            "G_ema": generator,
            "augment_pipe": augment,
            "training_set_kwargs": EasyDict(path="data.zip", use_labels=False),
        }
        return pickle.dumps(whole if snapshot else generator, protocol)


# NVIDIA, TensorFlow


class Network:
    """NVIDIA's network of TensorFlow: nothing but its state."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def __getstate__(self) -> dict[str, Any]:
        return self.state


def tf_network(net: Architecture, tensors: Tensors, version: int = 4, **options: Any) -> Network:
    """A generator as the TensorFlow releases keep it."""
    kwargs = {
        "latent_size": net.z_dim,
        "label_size": net.c_dim,
        "dlatent_size": net.w_dim,
        "resolution": net.resolution,
        "num_channels": net.channels,
        "mapping_layers": net.mapping_layers,
        "fmap_base": net.channel_base // 2,
        "fmap_max": net.channel_max,
        "conv_clamp": net.conv_clamp,
        "architecture": net.architecture,
        "nonlinearity": net.activation,
        "mapping_nonlinearity": net.mapping_activation or net.activation,
        "mapping_fmaps": net.mapping_width,
        "mapping_lrmul": net.lr_multiplier,
        "resample_kernel": list(net.resample_filter),
        "use_noise": net.use_noise,
        **options,
    }
    top: list[Any] = [("lod", np.float32(0))]
    parts: dict[str, list[Any]] = {"mapping": [], "synthesis": []}
    for name, value in tensors.items():
        part, _, place = tf_name(name, net).partition("/")
        if place:
            parts[part].append((place, tf_value(name, value)))
        else:
            top.append((part, value))
    made = {part: _tf(part, version, kwargs, {}, variables) for part, variables in parts.items()}
    return _tf("Gs", version, kwargs, made, top)


def _tf(name: str, version: int, kwargs: Any, components: Any, variables: Any) -> Network:
    return Network(
        {
            "version": version,
            "name": name,
            "static_kwargs": dict(kwargs),
            "components": components,
            "build_module_src": "raise SystemExit('the source ran')",
            "build_func_name": name,
            "variables": variables,
        }
    )


def tf_name(name: str, net: Architecture) -> str:
    """The TensorFlow name of a tensor."""
    parts = name.split(".")
    if parts[0] == "mapping":
        labels = "LabelConcat" if net.labels_joined else "LabelEmbed"
        layer = "mapping/" + parts[1].replace("fc", "Dense").replace("embed", labels)
        if parts[1] == "w_avg":
            layer = "dlatent_avg"
        return "/".join([layer, *parts[2:]])
    side = int(parts[1][1:])
    if parts[2] == "const":
        return "synthesis/4x4/Const/const"
    if parts[-1] == "noise_const":
        return f"synthesis/noise{2 * int(math.log2(side)) - (5 if parts[2] == 'conv0' else 4)}"
    layer = {"conv0": "Conv0_up", "conv1": "Conv1" if side > 4 else "Conv", "torgb": "ToRGB", "skip": "Skip"}[
        parts[2]
    ]
    end = {"affine.weight": "mod_weight", "affine.bias": "mod_bias"}.get(".".join(parts[3:]), parts[-1])
    return f"synthesis/{side}x{side}/{layer}/{end}"


def tf_value(name: str, value: np.ndarray) -> Any:
    """The numbers as TensorFlow keeps them."""
    if name.endswith("noise_const"):
        return value[None, None]
    if name.endswith(".const"):
        return value[None]
    if name.endswith("affine.bias"):
        return value - np.float32(1)
    if name.endswith("affine.weight") or (name.startswith("mapping") and value.ndim == 2):
        return np.asfortranarray(value.T)
    if value.ndim == 4:
        kernel = value.transpose(2, 3, 1, 0)
        return kernel[::-1, ::-1].copy() if ".conv0." in name or ".skip." in name else kernel.copy()
    return value[()] if value.ndim == 0 else value  # numpy's own scalar


def nvidia_tf(
    net: Architecture, tensors: Tensors, version: int = 4, protocol: int = 3, **options: Any
) -> bytes:
    """A tuple (G, D, Gs)."""
    with named({"dnnlib.tflib.network.Network": Network}):
        other = tf_network(net, random_tensors(net, seed=9), version, **options)
        return pickle.dumps((other, other, tf_network(net, tensors, version, **options)), protocol)


# rosinality


def rosinality_state(net: Architecture, tensors: Tensors, *, noise: bool = True) -> OrderedDict[str, Any]:
    """Its state dict of a generator."""
    state: OrderedDict[str, Any] = OrderedDict()
    for name, value in tensors.items():
        if name == "mapping.w_avg" or (name.endswith("noise_const") and not noise):
            continue
        state[rosinality_name(name)] = torch.from_numpy(np.array(rosinality_value(name, value)))
    taps = torch.tensor(net.resample_filter)
    kernel = taps.outer(taps) / taps.sum() ** 2 * 4
    for index in range(len(net.block_resolutions) - 1):
        state[f"convs.{2 * index}.conv.blur.kernel"] = kernel
        state[f"to_rgbs.{index}.upsample.kernel"] = kernel
    state._metadata = OrderedDict({"": {"version": 1}})  # type: ignore[attr-defined]  # torch's modules add it
    return state


def rosinality_name(name: str) -> str:
    """rosinality's name of a tensor."""
    parts = name.split(".")
    if parts[0] == "mapping":
        return f"style.{int(parts[1][2:]) + 1}.{parts[2]}"
    if parts[2] == "const":
        return "input.input"
    level = int(math.log2(int(parts[1][1:]))) - 3
    index = 2 * level + int(parts[2] == "conv1")
    if parts[-1] == "noise_const":
        return f"noises.noise_{index + 1}"
    layer = {
        "conv": "conv1" if level < 0 else f"convs.{index}",
        "torg": "to_rgb1" if level < 0 else f"to_rgbs.{level}",
    }
    end = {
        "weight": "conv.weight",
        "affine.weight": "conv.modulation.weight",
        "affine.bias": "conv.modulation.bias",
        "noise_strength": "noise.weight",
        "bias": "bias" if parts[2] == "torgb" else "activate.bias",
    }
    return f"{layer[parts[2][:4]]}.{end['.'.join(parts[3:])]}"


def rosinality_value(name: str, value: np.ndarray) -> np.ndarray:
    """The numbers with rosinality's axes of length one."""
    if name.endswith("noise_const"):
        return value[None, None]
    if name.endswith((".const", "conv0.weight", "conv1.weight", "torgb.weight")):
        return value[None]
    if name.endswith("torgb.bias"):
        return value[None, :, None, None]
    return value[None] if value.ndim == 0 else value


def saved(value: Any, *, archive: bool = True) -> bytes:
    """torch.save to bytes."""
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=archive)
    return stream.getvalue()


def rosinality(
    net: Architecture, tensors: Tensors, *, archive: bool = True, mean: bool = True, noise: bool = True
) -> bytes:
    """A converted checkpoint."""
    whole: dict[str, Any] = {"g_ema": rosinality_state(net, tensors, noise=noise)}
    if mean:
        whole["latent_avg"] = torch.from_numpy(tensors["mapping.w_avg"])
    return saved(whole, archive=archive)


# lucidrains

CONFIG = {"image_size": 8, "network_capacity": 1, "lr_mlp": 0.1, "transparent": False, "fq_layers": [],
          "fq_dict_size": 256, "attn_layers": [], "no_const": False}  # fmt: skip


def lucidrains_tensors() -> dict[str, torch.Tensor]:
    """The averaged networks of a checkpoint of 8 px: names and a few shapes of v1.9.0."""
    draw = torch.Generator().manual_seed(0)
    shapes: dict[str, tuple[int, ...]] = {
        "SE.net.0.weight": (4, 4),
        "SE.net.0.bias": (4,),
        "SE.net.2.weight": (4, 4),
        "SE.net.2.bias": (4,),
        "GE.initial_block": (1, 2, 4, 4),
        "GE.initial_conv.weight": (2, 2, 3, 3),
    }
    for block in range(2):
        shapes[f"GE.blocks.{block}.conv1.weight"] = (2, 2, 3, 3)
        shapes[f"GE.blocks.{block}.to_style1.weight"] = (2, 4)
        shapes[f"GE.blocks.{block}.to_rgb.conv.weight"] = (3, 2, 1, 1)
    return {name: torch.randn(shape, generator=draw) for name, shape in shapes.items()}


def lucidrains(*, archive: bool = True) -> bytes:
    """A training checkpoint, the networks that are not averaged included."""
    averaged = lucidrains_tensors()
    raw = {name.replace("E.", ".", 1): value + 1 for name, value in averaged.items()}
    return saved({"GAN": OrderedDict(**raw, **averaged), "version": "1.9.0"}, archive=archive)
