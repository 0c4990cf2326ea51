"""What a card computes, as far as a CPU can tell; and on a card, if there is one, all of it."""

from __future__ import annotations

import pytest
import torch

from doesnotexist_stylegan2.kernels import choose
from doesnotexist_stylegan2.kernels.graphics import GraphicsSynthesis

from .networks import difference, small_network, some_ws
from .textbook import Textbook


def test_without_a_clamp_pictures_equal_the_textbook():
    network = small_network(32)
    ws = some_ws(network, 2)
    with torch.inference_mode():
        assert difference(GraphicsSynthesis(network)(ws), Textbook(network)(ws)) < 5e-6


def test_with_a_clamp_pictures_are_near_the_textbook():
    network = small_network(64, conv_clamp=256.0)
    ws = some_ws(network)
    with torch.inference_mode():
        near = difference(GraphicsSynthesis(network)(ws), Textbook(network)(ws))

    assert 1e-5 < near < 0.03


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no card")
@pytest.mark.parametrize("clamp", [None, 256.0])
def test_a_card_makes_the_same_pictures(clamp):
    network = small_network(64, conv_clamp=clamp)
    ws = some_ws(network, 3)
    with torch.inference_mode():
        expected = Textbook(network)(ws)
        card = choose(network.to("cuda"))
        first, second = card(ws.cuda()).cpu(), card(ws.flip(0).cuda()).cpu().flip(0)

    assert card.name == "cuda"
    for pictures in (first, second):
        assert difference(pictures, expected) < 0.03
