"""Which kernels a network gets."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from doesnotexist.errors import InvalidParameter
from doesnotexist_stylegan2.generator import StyleGAN2, load_generator
from doesnotexist_stylegan2.kernels import choose
from doesnotexist_stylegan2.kernels.library import Library
from doesnotexist_stylegan2.weights import network_bytes

from .networks import small_network, some_ws


@pytest.fixture
def bare_machine(fresh_engine: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No compiler on the path, and nothing compiled before."""
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOESNOTEXIST_STORE", str(tmp_path / "store"))


def test_auto_is_fast_where_it_can_be(library: Library):
    assert choose(small_network(16)).name == "fast"


def test_auto_is_plain_for_a_network_that_the_engine_does_not_know(library: Library):
    assert choose(small_network(16, architecture="resnet")).name == "plain"


def test_auto_is_plain_without_a_compiler_and_says_so_once(
    bare_machine: None, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO):
        assert [choose(small_network(16)).name for _ in range(3)] == ["plain"] * 3

    assert [record.getMessage() for record in caplog.records] == [
        "pictures are made without the fast kernels: there is no C++ compiler"
    ]


def test_fast_is_refused_without_a_compiler(bare_machine: None):
    with pytest.raises(InvalidParameter, match="there is no C\\+\\+ compiler"):
        choose(small_network(16), "fast")


def test_unknown_kernels_are_refused():
    with pytest.raises(InvalidParameter, match="auto, plain, fast"):
        choose(small_network(16), "quick")


def test_a_generator_uses_what_was_asked_for(library: Library):
    network = small_network(32)
    data = network_bytes(network, torch.float32)
    ws = some_ws(network, 2)
    fast, plain = load_generator(data, kernels="fast"), load_generator(data, kernels="plain")

    assert (fast.synthesis.name, plain.synthesis.name) == ("fast", "plain")
    torch.testing.assert_close(fast.synthesize(ws), plain.synthesize(ws), rtol=0, atol=1e-4)


def test_a_network_in_training_gets_plain_kernels():
    assert StyleGAN2(small_network(16)).synthesis.name == "plain"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_graphs_are_refused_without_a_card():
    with pytest.raises(InvalidParameter, match="auto or plain, since the network is on the cpu"):
        choose(small_network(16), "cuda")
