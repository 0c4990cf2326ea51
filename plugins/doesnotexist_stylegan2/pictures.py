"""A domain of pictures imagined by a StyleGAN2: subclass it, say what it shows, done.

class Dogs(StyleGAN2Pictures):
    domain, noun, title = "dogs", "dog", "This Dog Does Not Exist"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from doesnotexist import Generator, ModelCard, Params, Picture, Recipe, Sample, Sampler
from doesnotexist.errors import InvalidParameter
from doesnotexist.recipe import MAX_SEED

if TYPE_CHECKING:
    from .generator import StyleGAN2

Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]


class PictureParams(Params):
    """What a visitor can turn; the parameters of the StyleGAN papers by the papers' names."""

    psi: float = Field(
        0.7,
        ge=-2,
        le=2,
        description="Truncation: 1 is as trained, 0 the mean picture, negative its opposite.",
    )
    cutoff: int | None = Field(
        None, ge=0, le=64, description="Truncate only so many of the first layers, which decide the coarse."
    )
    noise: Literal["const", "none", "random"] | None = Field(
        None, description="The fine detail that no style decides: as trained (const), none, or by the seed."
    )
    label: int | None = Field(
        None, ge=0, le=10_000, description="Class of a conditional network; other networks leave it aside."
    )
    relative: int | None = Field(
        None, ge=1, le=MAX_SEED, description="Number of a picture near this one, in place of it."
    )
    mix: Seed | None = Field(None, description="Seed of a second picture that lends its styles.")
    mix_layers: str | None = Field(
        None,
        max_length=64,
        pattern=r"^[0-9]{1,2}(-[0-9]{0,2})?(,[0-9]{1,2}(-[0-9]{0,2})?)*$",
        examples=["4-", "0-3,6"],
        description="Layers whose styles the second picture lends, 0 the coarsest; the finer half if empty.",
    )
    toward: Seed | None = Field(None, description="Seed of a picture to go towards.")
    step: float | None = Field(
        None, ge=0, le=1, description="How far to go: 0 not at all, 1 all the way; half if empty."
    )

    @model_validator(mode="after")
    def _in_company(self) -> PictureParams:
        for name, companion in (("mix_layers", "mix"), ("step", "toward")):
            if getattr(self, name) is not None and getattr(self, companion) is None:
                raise InvalidParameter(name, f"{companion}=SEED beside it", getattr(self, name))
        return self


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
