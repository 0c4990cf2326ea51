"""The sheet shows what the zoo would show."""

from __future__ import annotations

import numpy as np
import torch

from doesnotexist_stylegan2.generator import StyleGAN2
from doesnotexist_stylegan2.latents import z_of_seed
from doesnotexist_stylegan2.train import sheet
from doesnotexist_stylegan2.train.export import with_mean_w


def test_seeds_stand_in_rows_of_eight(network, tmp_path):
    net = network()
    sheet.write(net, 0.7, tmp_path / "sheet.png")

    image = sheet.draw(net, 0.7)
    assert image.size == (8 * 32, 8 * 32)
    assert (tmp_path / "sheet.png").stat().st_size > 0

    generator = StyleGAN2(with_mean_w(net))
    seed, row, column = 13, 1, 5
    x = generator.synthesize(generator.map(z_of_seed(seed, 16), psi=0.7))
    tile = np.asarray(image)[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32]
    assert np.abs(tile.astype(int) - generator.to_uint8(x)[0].numpy()).max() <= 1  # batched there, alone here


def test_the_mean_w_is_that_of_many_seeds(network):
    net = network()
    w = net.mapping(torch.randn(4000, 16, generator=torch.Generator().manual_seed(9)))

    torch.testing.assert_close(sheet.mean_w(net), w.mean(0), atol=0.1, rtol=0)
