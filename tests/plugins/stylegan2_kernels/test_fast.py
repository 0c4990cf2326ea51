"""The compiled engine computes what the textbook computes, to the same bits whatever surrounds a picture."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from doesnotexist_stylegan2.kernels.fast import FastSynthesis, unsupported
from doesnotexist_stylegan2.kernels.library import Library
from doesnotexist_stylegan2.kernels.plain import PlainSynthesis
from doesnotexist_stylegan2.noise import SeededNoise

from .networks import difference, small_network, some_ws
from .textbook import Textbook

NETWORKS = {
    "all layers direct": (16, {}),
    "odd channel counts": (64, {"channel_base": 999, "channel_max": 37}),
    "fewer channels than a register": (64, {"channel_max": 3}),
    "128 px": (128, {"channel_max": 40}),
    "256 px": (256, {"channel_base": 4096, "channel_max": 32}),
    "clamped": (64, {"conv_clamp": 0.4}),
    "relu": (64, {"activation": "relu"}),
    "no noise": (64, {"use_noise": False}),
    "a lopsided filter": (64, {"resample_filter": (1.0, 4.0, 2.0, 1.0)}),
    "one colour": (32, {"channels": 1}),
    "five colours": (64, {"channels": 5}),
    "colours at the end only": (64, {"architecture": "orig"}),
    "any channels": (64, {"channel_table": (33, 70, 5, 48, 17)}),
    "4 px": (4, {}),
    "weights too big for the caches": (128, {"channel_base": 65536, "channel_max": 512}),
}


@pytest.mark.parametrize("noise", ["const", "none"])
@pytest.mark.parametrize("name", NETWORKS)
def test_it_equals_the_textbook(library: Library, name: str, noise: str):
    resolution, changes = NETWORKS[name]
    network = small_network(resolution, **changes)
    ws = some_ws(network)
    with torch.inference_mode():
        pictures = FastSynthesis(network, library)(ws, noise)  # type: ignore[arg-type]
        expected = Textbook(network)(ws, noise)

    assert difference(pictures, expected) < 5e-6


@pytest.mark.slow
@pytest.mark.parametrize("resolution", [256, 1024])
def test_it_equals_the_textbook_at_full_size(library: Library, resolution: int):
    network = small_network(resolution, w_dim=512, channel_base=32768, channel_max=512)
    ws = some_ws(network)
    with torch.inference_mode():
        assert difference(FastSynthesis(network, library)(ws), Textbook(network)(ws)) < 5e-6


def test_a_picture_does_not_depend_on_its_batch(library: Library):
    network = small_network(128)
    fast, ws = FastSynthesis(network, library), some_ws(network, 3)

    assert torch.equal(fast(ws), torch.cat([fast(ws[i : i + 1]) for i in range(3)]))


def test_a_picture_does_not_depend_on_the_number_of_threads(library: Library):
    network = small_network(128, channel_base=65536, channel_max=512)
    fast, ws = FastSynthesis(network, library), some_ws(network)
    expected = fast(ws)

    for threads in (1, 3, 7):
        torch.set_num_threads(threads)
        assert torch.equal(fast(ws), expected)


def test_pictures_made_at_the_same_time_do_not_disturb_each_other(library: Library):
    network = small_network(64)
    fast, ws = FastSynthesis(network, library), some_ws(network, 8)
    expected = fast(ws)

    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda i: fast(ws[i : i + 1]), range(8)))

    assert torch.equal(torch.cat(pictures), expected)


def test_another_process_makes_the_same_picture(library: Library):
    program = (
        "import hashlib, networks, torch\n"
        "from doesnotexist_stylegan2.kernels import choose\n"
        "network = networks.small_network(64)\n"
        "picture = choose(network, 'fast')(networks.some_ws(network))\n"
        "print(hashlib.sha256(picture.numpy().tobytes()).hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    network = small_network(64)
    picture = FastSynthesis(network, library)(some_ws(network))

    assert done.stdout.strip() == hashlib.sha256(picture.numpy().tobytes()).hexdigest()


def test_random_noise_is_drawn_anew(library: Library):
    network = small_network(32)
    fast, ws = FastSynthesis(network, library), some_ws(network)

    assert not torch.equal(fast(ws, "random"), fast(ws, "random"))


def test_seeded_noise_is_that_of_pytorch_alone(library: Library):
    network = small_network(64)
    ws = some_ws(network)
    with torch.inference_mode():
        pictures = FastSynthesis(network, library)(ws, SeededNoise(3))

        assert difference(pictures, PlainSynthesis(network)(ws, SeededNoise(3))) < 5e-6


def test_what_the_engine_cannot_do_is_named():
    assert unsupported(small_network(32)) is None
    assert "resnet" in str(unsupported(small_network(32, architecture="resnet")))
    assert "6 taps" in str(unsupported(small_network(32, resample_filter=(1.0, 2.0, 3.0, 3.0, 2.0, 1.0))))
