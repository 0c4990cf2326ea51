"""What can be asked of a picture besides its seed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from doesnotexist import Params
from doesnotexist.errors import InvalidParameter
from doesnotexist.recipe import MAX_SEED

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
