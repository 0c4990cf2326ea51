"""Small networks whose every number matters, and threads kept to one so that tests stay quick."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.network import Network


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def small_architecture(**changes: object) -> Architecture:
    small = {"z_dim": 16, "w_dim": 12, "resolution": 32, "mapping_layers": 3, "channel_base": 256}
    return Architecture(**{**small, "channel_max": 24, **changes})  # type: ignore[arg-type]


def small_network(**changes: object) -> Network:
    """Random weights; no bias, noise strength or mean is left at zero, where a mistake would hide."""
    torch.manual_seed(7)
    network = Network(small_architecture(**changes))
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(("bias", "noise_strength", "w_avg")):
                tensor.add_(0.3 * torch.randn(tensor.shape))
    return network.requires_grad_(False).eval()


@pytest.fixture
def architecture() -> Callable[..., Architecture]:
    return small_architecture


@pytest.fixture
def network() -> Callable[..., Network]:
    return small_network
