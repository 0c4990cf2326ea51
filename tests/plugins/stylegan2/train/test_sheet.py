"""The sheet shows what the zoo shows."""

from __future__ import annotations

import numpy as np
from PIL import Image

from doesnotexist_stylegan2.generator import StyleGAN2
from doesnotexist_stylegan2.latents import z_of_seed
from doesnotexist_stylegan2.train import sheet


def test_seeds_stand_in_rows_of_eight(network, tmp_path):
    generator = StyleGAN2(network())

    sheet.write(generator, 0.7, tmp_path / "sheet.png")

    with Image.open(tmp_path / "sheet.png") as image:
        pixels = np.asarray(image)
    assert pixels.shape == (8 * 32, 8 * 32, 3)
    row, column = 1, 5
    tile = pixels[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32]
    alone = generator.synthesize(generator.map(z_of_seed(13, 16), psi=0.7))
    assert np.array_equal(tile, generator.to_uint8(alone)[0].numpy())
