"""A domain of pictures imagined by a StyleGAN2: subclass it, say what it shows, done.

class Dogs(StyleGAN2Pictures):
    domain, noun, title = "dogs", "dog", "This Dog Does Not Exist"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from doesnotexist import Generator, ModelCard, Params, Picture, Recipe, Sample, Sampler

if TYPE_CHECKING:
    from .generator import StyleGAN2


class PictureParams(Params):
    """What a visitor can turn."""

    psi: float = Field(
        0.7,
        ge=-2,
        le=2,
        description="Truncation: 1 is as trained, 0 the mean picture, negative its opposite.",
    )


class StyleGAN2Pictures(Generator):
    """Pictures from a StyleGAN2 network in safetensors; the file says its own architecture."""

    params = PictureParams

    def load(self, card: ModelCard, files: Mapping[str, bytes], device: str) -> Sampler:  # noqa: ARG002 - the contract gives the card
        from .generator import load_generator

        return PictureSampler(load_generator(files["weights"], device=device))


class PictureSampler:
    """Recipes → pictures; seeds as in NVIDIA's own scripts."""

    def __init__(self, network: StyleGAN2) -> None:
        self._network = network

    def sample(self, recipes: Sequence[Recipe]) -> list[Sample]:
        return [self._picture(recipe) for recipe in recipes]

    def _picture(self, recipe: Recipe) -> Picture:
        from .latents import z_of_seed

        network = self._network
        w = network.map(z_of_seed(recipe.seed, network.z_dim), psi=float(recipe.params["psi"]))
        return Picture(network.to_uint8(network.synthesize(w))[0].cpu().numpy())
