"""Muon and AdamW."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from doesnotexist_chemicals.model import Config, MoleculeGPT
from doesnotexist_chemicals.train.optimizer import Optimizer, orthogonalised


@pytest.mark.parametrize("shape", [(64, 64), (64, 192), (256, 64)])
def test_updates_are_nearly_orthogonal(shape: tuple[int, int]) -> None:
    """The iteration brings singular values near 1, not to it; the smallest of a square one lag behind."""
    update = orthogonalised(torch.randn(shape, generator=torch.Generator().manual_seed(0)))
    values = torch.linalg.svdvals(update)

    assert update.shape == shape
    assert values.median() > 0.65
    assert values.max() < 1.3


def test_matrices_and_tables_are_told_apart() -> None:
    optimizer = Optimizer(MoleculeGPT(Config(40, layers=1, width=64)))

    assert set(optimizer.tables) == {"embedding.weight", "head.weight"}
    assert {name.split(".")[2] for name in optimizer.matrices} == {"qkv", "out", "up", "down"}


def test_adam_is_the_textbooks() -> None:
    """The same steps as torch's own AdamW without decay."""

    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.linspace(-1, 1, 12).view(3, 4))

    ours, theirs = Table(), Table()
    optimizer = Optimizer(ours)
    reference = torch.optim.AdamW(theirs.parameters(), lr=0.003, betas=(0.9, 0.98), weight_decay=0.0)
    for number in range(1, 6):
        for module in (ours, theirs):
            module.zero_grad()
            module.table.pow(3).sum().backward()
        optimizer.step(number, 1.0)
        reference.step()

    assert torch.allclose(ours.table, theirs.table, atol=1e-5)


def test_a_step_before_backward_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="backward"):
        Optimizer(MoleculeGPT(Config(40, layers=1, width=64))).step(1, 1.0)
