"""What can be asked of a molecule besides its seed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from doesnotexist.errors import InvalidParameter
from doesnotexist.generator import Params
from doesnotexist.recipe import MAX_SEED


class ChemicalParams(Params):
    """How it is drawn from the model, and how on paper."""

    temperature: float = Field(
        1.16, ge=0.5, le=1.5, description="1 is as the model learned; lower is commoner, higher stranger."
    )
    relative: int | None = Field(
        None, ge=1, le=MAX_SEED, description="Number of a relative: the same scaffold, other side chains."
    )
    toward: int | None = Field(None, ge=0, le=MAX_SEED, description="Seed of a molecule to go towards.")
    step: float | None = Field(
        None, ge=0, le=1, description="How far to go: 0 not at all, 1 all the way; half if empty."
    )
    style: Literal["print"] | None = Field(
        None, description="How the SVG is drawn: in colour, or for print as in the journals of the ACS."
    )

    @model_validator(mode="after")
    def _in_company(self) -> ChemicalParams:
        if self.step is not None and self.toward is None:
            raise InvalidParameter("step", "toward=SEED beside it", self.step)
        return self
