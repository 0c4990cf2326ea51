"""3x3 convolution in PyTorch with half the multiplications: Winograd's F(4,3) down the columns.

Four rows of the result take six convolutions along a row, three taps each, in place of twelve (Lavin & Gray
2016, in one dimension): a CPU's own convolutions do nearly all of the work, at their full speed. In two
dimensions it would be matrix products, which PyTorch computes on many CPUs at less than half of that speed.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

POINTS = 6  # 0, a, -a, b, -b and infinity

# With ab = 1 errors are a third of those of the usual points 1 and 2, whose powers differ more.
_A, _B = math.sqrt(0.5), math.sqrt(2)

# Powers of each point over the product of its distances from the others.
_G = (
    (1.0, 0.0, 0.0),
    (-1 / 1.5, -_A / 1.5, -0.5 / 1.5),
    (-1 / 1.5, _A / 1.5, -0.5 / 1.5),
    (1 / 6, _B / 6, 2 / 6),
    (1 / 6, -_B / 6, 2 / 6),
    (0.0, 0.0, 1.0),
)

# What the six convolutions must give so that each of the four rows is 1: a bias that costs nothing.
_ONES = (-1.0, 1 + 0.5 / _A, 1 - 0.5 / _A, 0.0, 0.0, 0.5)


def pays(features_in: int, features_out: int, side: int) -> bool:
    """Whether it is faster: products go with the square of the features, the sums round them do not."""
    return min(features_in, features_out) >= 128 and side >= 32


def transformed(weight: Tensor) -> Tensor:
    """(out, in, 3, 3) -> (6·out, in, 1, 3) channels-last"""
    points = torch.einsum("pk,oikx->poix", weight.new_tensor(_G), weight)
    return points.flatten(0, 1)[:, :, None].contiguous(memory_format=torch.channels_last)


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (N, in, H, W) channels-last, H a multiple of 4, transformed weight, bias (out,) -> (N, out, H, W)"""
    biases = [None] * POINTS if bias is None else (bias.new_tensor(_ONES)[:, None] * bias).unbind()
    products = [
        F.conv2d(point, kernel, some, padding=(0, 1))
        for point, kernel, some in zip(_to_points(x), weight.chunk(POINTS), biases, strict=True)
    ]
    return _from_points(products)


def _to_points(x: Tensor) -> list[Tensor]:
    """Six linear combinations, (N, C, H/4, W) each, of every six rows of which four are new."""
    padded, last = F.pad(x, (0, 0, 1, 1)), x.shape[2] - 3
    d0, d1, d2, d3, d4, d5 = (padded[:, :, i : i + last : 4] for i in range(6))
    even_a, odd_a = torch.sub(d4, d2, alpha=2), torch.sub(d3, d1, alpha=2)
    even_b, odd_b = torch.sub(d4, d2, alpha=0.5), torch.sub(d3, d1, alpha=0.5)
    return [
        torch.sub(d4, d2, alpha=2.5).add_(d0),
        torch.add(even_a, odd_a, alpha=_A),
        even_a.sub_(odd_a, alpha=_A),
        torch.add(even_b, odd_b, alpha=_B),
        even_b.sub_(odd_b, alpha=_B),
        torch.sub(d5, d3, alpha=2.5).add_(d1),
    ]


def _from_points(products: list[Tensor]) -> Tensor:
    """Six products of (N, C, H/4, W) -> (N, C, H, W) channels-last; the products are overwritten"""
    m0, m1, m2, m3, m4, m5 = products
    sum_a, sum_b = m1 + m2, m3 + m4
    difference_a, difference_b = m1.sub_(m2), m3.sub_(m4)
    count, features, height, width = m0.shape
    rows = m0.new_empty(count, height, 4, width, features).permute(2, 0, 4, 1, 3)
    torch.add(m0, sum_a, out=rows[0]).add_(sum_b)
    torch.mul(difference_a, _A, out=rows[1]).add_(difference_b, alpha=_B)
    torch.mul(sum_a, 0.5, out=rows[2]).add_(sum_b, alpha=2)
    torch.add(m5, difference_a, alpha=_A / 2, out=rows[3]).add_(difference_b, alpha=2 * _B)
    return rows.permute(1, 2, 3, 0, 4).flatten(2, 3)
