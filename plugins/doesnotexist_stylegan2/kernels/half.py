"""bfloat16 convolutions, for graphics cards and CPUs with units for them; never chosen unasked.

The picture is no longer equal to the fifth digit: errors are about 0.02 at most and 0.004 in the mean of a
picture in [-1, 1], so that a quarter of its bytes differ, by one or two. bfloat16 and not float16, which
would overflow in networks that were not trained with a clamp.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..network import Network
from ..noise import Noise


class HalfSynthesis:
    """ws to the picture by the network's own modules in bfloat16, channels-last, on the network's device.

    A picture's bytes do not depend on the batch it is in.
    """

    name = "bf16"

    def __init__(self, network: Network) -> None:
        self._synthesis = network.synthesis

    def __call__(self, ws: Tensor, noise: Noise = "const") -> Tensor:
        """ws (N, num_ws, w_dim) float32 -> (N, channels, R, R) float32, nominally [-1, 1]"""
        pictures = [self._synthesis(ws[i : i + 1], noise, torch.bfloat16) for i in range(len(ws))]
        return torch.cat(pictures)
