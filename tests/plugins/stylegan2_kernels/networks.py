"""Small networks of random weights in which no bias, noise strength or mean is left at zero."""

from __future__ import annotations

import torch
from torch import Tensor

from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.network import Network


def small_network(resolution: int = 64, **changes: object) -> Network:
    small = {
        "z_dim": 16,
        "w_dim": 24,
        "mapping_layers": 2,
        "channel_base": 16 * resolution,
        "channel_max": 48,
    }
    torch.manual_seed(resolution)
    network = Network(Architecture(resolution=resolution, **{**small, **changes}))  # type: ignore[arg-type]
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(("bias", "noise_strength", "w_avg")):
                tensor.add_(0.3 * torch.randn(tensor.shape))
    return network.requires_grad_(False).eval()


def some_ws(network: Network, count: int = 1) -> Tensor:
    """(count, num_ws, w_dim), another w for each layer."""
    net = network.architecture
    return torch.randn(count, net.num_ws, net.w_dim, generator=torch.Generator().manual_seed(count))


def difference(a: Tensor, b: Tensor) -> float:
    """Largest difference, in units of the largest value of a picture."""
    return float((a - b).abs().max() / b.abs().max())
