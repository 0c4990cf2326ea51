"""bfloat16 is near, and says that it is not equal."""

from __future__ import annotations

import torch

from doesnotexist_stylegan2.kernels import choose
from doesnotexist_stylegan2.kernels.half import HalfSynthesis

from .networks import difference, small_network, some_ws
from .textbook import Textbook


def test_it_is_near_the_textbook():
    network = small_network(64)
    ws = some_ws(network)
    with torch.inference_mode():
        near = difference(HalfSynthesis(network)(ws), Textbook(network)(ws))

    assert 1e-5 < near < 0.03


def test_a_picture_does_not_depend_on_its_batch():
    network = small_network(32)
    half, ws = HalfSynthesis(network), some_ws(network, 2)
    with torch.inference_mode():
        assert torch.equal(half(ws), torch.cat([half(ws[i : i + 1]) for i in range(2)]))


def test_it_has_to_be_asked_for():
    assert choose(small_network(16), "bf16").name == "bf16"
