"""The network as it is run equals the one that was trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from doesnotexist_chemicals.model import MoleculeGPT
from doesnotexist_chemicals.network import Ids, Network


@pytest.fixture(scope="module")
def tokens(network: Network) -> Ids:
    return np.random.RandomState(0).randint(0, network.config.vocabulary, (5, 9))


def test_step_by_step_gives_what_all_at_once_gives(tiny: MoleculeGPT, network: Network, tokens: Ids) -> None:
    whole, cache = tiny(torch.from_numpy(tokens)).numpy(), network.cache(5)

    for at in range(9):
        assert np.allclose(network.step(tokens[:, at], cache), whole[:, at], atol=1e-4)
    assert cache.length == 9


def test_slots_can_be_dropped_on_the_way(tiny: MoleculeGPT, network: Network, tokens: Ids) -> None:
    cache, kept = network.cache(5), np.array([3, 1])
    for at in range(3):
        network.step(tokens[:, at], cache)
    cache.keep(kept)
    for at in range(3, 9):
        logits = network.step(tokens[kept, at], cache)

    assert np.allclose(logits, tiny(torch.from_numpy(tokens[kept])).numpy()[:, -1], atol=1e-4)


def test_the_exact_copy_agrees_to_single_precision(tiny: MoleculeGPT, network: Network, tokens: Ids) -> None:
    exact = network.exact.after(tokens[0].tolist())

    assert exact.dtype == np.float64
    assert np.allclose(exact, tiny(torch.from_numpy(tokens[:1])).numpy()[0, -1], atol=1e-4)
    assert np.allclose(exact, tiny.double()(torch.from_numpy(tokens[:1])).numpy()[0, -1], atol=1e-6)
    tiny.float()
