"""The network's shapes and its two ways of computing the same."""

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


def test_step_by_step_gives_what_all_at_once_gives(tiny: MoleculeGPT) -> None:
    tokens = torch.randint(0, tiny.config.vocabulary, (5, 9), generator=torch.Generator().manual_seed(0))
    whole, cache = tiny(tokens), tiny.cache(5)

    for at in range(9):
        assert torch.allclose(tiny.step(tokens[:, at], cache), whole[:, at], atol=1e-4)
    assert cache.length == 9


def test_slots_can_be_dropped_on_the_way(tiny: MoleculeGPT) -> None:
    tokens = torch.randint(0, tiny.config.vocabulary, (4, 6), generator=torch.Generator().manual_seed(0))
    cache, kept = tiny.cache(4), torch.tensor([3, 1])
    for at in range(3):
        tiny.step(tokens[:, at], cache)
    cache.keep(kept)
    for at in range(3, 6):
        logits = tiny.step(tokens[kept, at], cache)

    assert torch.allclose(logits, tiny(tokens)[kept, -1], atol=1e-4)


def test_the_exact_copy_agrees_to_single_precision(tiny: MoleculeGPT) -> None:
    tokens = torch.randint(0, tiny.config.vocabulary, (1, 12), generator=torch.Generator().manual_seed(0))
    exact = tiny.exact()(tokens)

    assert exact.dtype == torch.float64
    assert torch.allclose(exact.float(), tiny(tokens), atol=1e-4)
