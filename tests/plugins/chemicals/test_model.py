"""The network as it is trained."""

from __future__ import annotations

import torch

from doesnotexist_chemicals.model import MoleculeGPT


def test_shapes_are_known_before_the_network_is_built(tiny: MoleculeGPT) -> None:
    assert {name: tuple(t.shape) for name, t in tiny.state_dict().items()} == tiny.config.shapes()


def test_a_token_does_not_see_those_after_it(tiny: MoleculeGPT) -> None:
    tokens = torch.tensor([[0, 3, 4, 5], [0, 3, 9, 9]])
    logits = tiny(tokens)

    assert torch.allclose(logits[0, :2], logits[1, :2], atol=1e-5)
    assert not torch.allclose(logits[0, 2], logits[1, 2], atol=1e-2)
