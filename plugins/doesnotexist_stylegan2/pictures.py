"""A domain of pictures imagined by a StyleGAN2: subclass it, say what it shows, done.

class Dogs(StyleGAN2Pictures):
    domain, noun, title = "dogs", "dog", "This Dog Does Not Exist"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

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

        numbers: list[float] = z_of_seed(seed)[0].tolist()
        return numbers


Noise = Literal["const", "none", "random"]

SMALL = 256  # pixels a side; from here on a picture keeps several cores busy by itself


class PictureSampler:
    """Recipes → pictures; seeds as in NVIDIA's own scripts."""

    def __init__(self, network: StyleGAN2) -> None:
        self._network = network
        # each by itself and never as a batch, whose sums would have another order: see StyleGAN2.map
        self.side_by_side = network.device.type == "cpu" and network.resolution < SMALL

    def sample(self, recipes: Sequence[Recipe]) -> list[Sample]:
        asked = [(recipe.seed, PictureParams.model_validate(dict(recipe.params))) for recipe in recipes]
        alike: dict[Noise, list[int]] = {}
        for place, (_, params) in enumerate(asked):
            alike.setdefault(params.noise or "const", []).append(place)
        pictures: dict[int, Picture] = {}
        for noise, places in alike.items():  # a card makes a batch in the time of a picture
            pictures |= zip(places, self._batch([asked[place] for place in places], noise), strict=True)
        return [pictures[place] for place in range(len(asked))]

    def _batch(self, asked: Sequence[tuple[int, PictureParams]], noise: Noise) -> list[Picture]:
        from torch import cat

        from .latents import ws_of

        network = self._network
        seeds = [seed for seed, _ in asked] if noise == "random" else None
        ws = cat([ws_of(network, seed, params) for seed, params in asked])
        return [Picture(one) for one in network.to_uint8(network.synthesize(ws, noise, seeds)).cpu().numpy()]
