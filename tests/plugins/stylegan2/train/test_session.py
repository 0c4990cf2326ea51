"""The starting point of a run."""

from __future__ import annotations

import torch

from doesnotexist_stylegan2.network import Network
from doesnotexist_stylegan2.train.session import best_dtype, small_architecture


def test_the_small_generator_is_small_and_its_latents_are_the_original_ones():
    net = small_architecture(64)

    assert [net.width(r) for r in net.block_resolutions] == [256, 256, 128, 64, 32]
    assert net.z_dim == 512
    assert sum(p.numel() for p in Network(net).parameters()) == 3_113_967


def test_accelerators_train_in_bfloat16():
    assert best_dtype("cuda") == torch.bfloat16
    assert best_dtype("cpu") in (torch.bfloat16, torch.float32)
