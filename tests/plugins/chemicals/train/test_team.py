"""Workers share a batch and agree on what they learned."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from doesnotexist_chemicals.train.team import ALONE, Team


def test_a_batch_is_parted_without_loss() -> None:
    rows = np.arange(14, dtype=np.uint16).reshape(7, 2)
    parts = [Team(rank, 3).share(rows) for rank in range(3)]

    assert np.array_equal(np.concatenate(parts), rows)
    assert all(len(part) for part in parts)


def test_a_batch_too_small_to_part_goes_to_everyone() -> None:
    rows = np.zeros((2, 5), np.uint16)

    assert all(len(Team(rank, 3).share(rows)) == 2 for rank in range(3))


def test_alone_nothing_is_averaged() -> None:
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()

    assert ALONE.average(layer, 0.25) == 0.25
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [[1.0, 1.0]]
