"""A domain of pictures imagined by a StyleGAN2: subclass it, say what it shows, done.

class Dogs(StyleGAN2Pictures):
    domain, noun, title = "dogs", "dog", "This Dog Does Not Exist"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from doesnotexist import Generator, ModelCard, Picture, Recipe, Sample, Sampler

from .params import PictureParams

if TYPE_CHECKING:
    from .generator import StyleGAN2


class StyleGAN2Pictures(Generator):
    """Pictures from a StyleGAN2 network in safetensors; the file says its own architecture."""

    params = PictureParams

    def load(self, card: ModelCard, files: Mapping[str, bytes], device: str) -> Sampler:  # noqa: ARG002 - the contract gives the card
        from .generator import load_generator

        return PictureSampler(load_generator(files["weights"], device=device))

    def numbers(self, seed: int) -> Sequence[float]:
        """z of a seed, 512 numbers as in every published network; one of smaller z takes the first."""
        from .latents import z_of_seed

        return [float(number) for number in z_of_seed(seed)[0]]


SMALL = 256  # pixels a side; from here on a picture keeps several cores busy by itself


class PictureSampler:
    """Recipes → pictures; seeds as in NVIDIA's own scripts."""

    def __init__(self, network: StyleGAN2) -> None:
        self._network = network
        # each by itself and never as a batch, whose sums would have another order: see StyleGAN2.map
        self.side_by_side = network.device.type == "cpu" and network.resolution < SMALL

    def sample(self, recipes: Sequence[Recipe]) -> list[Sample]:
        return [self._picture(recipe) for recipe in recipes]

    def _picture(self, recipe: Recipe) -> Picture:
        from .latents import ws_of

        network = self._network
        params = PictureParams.model_validate(dict(recipe.params))
        noise = params.noise or "const"
        noise_seed = recipe.seed if noise == "random" else None
        images = network.synthesize(ws_of(network, recipe.seed, params), noise, noise_seed)
        return Picture(network.to_uint8(images)[0].cpu().numpy())
