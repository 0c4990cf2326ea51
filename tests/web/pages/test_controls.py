"""Controls from a schema."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field

from doesnotexist import Params
from doesnotexist_web.pages.controls import Control, controls, spare, within


class Playful(Params):
    psi: float = Field(0.7, ge=-2, le=2)
    mix: int | None = Field(None, ge=0, le=2**32 - 1)
    mix_layers: str | None = None
    cutoff: int | None = Field(None, ge=0, le=64, description="how many")
    noise: Literal["const", "none"] | None = None


class Every(Params):
    psi: float = Field(0.7, ge=-2, le=2, description="truncation")
    many: int = Field(3, ge=0, le=9)
    far: int = Field(3, ge=0, le=100_000)
    free: float = 1.5
    ground: Literal["light", "dark"] = "dark"
    flip: bool = False
    words: str = "a b"


def test_each_kind_of_parameter_has_its_control() -> None:
    made = {one.name: one for one in controls(Every, Every().model_dump())}

    assert {name: one.kind for name, one in made.items()} == {
        "psi": "range",
        "many": "range",
        "far": "number",
        "free": "number",
        "ground": "choice",
        "flip": "choice",
        "words": "text",
    }
    assert made["psi"] == Control("psi", "range", "0.7", "truncation", "-2", "2", "0.05")
    assert (made["many"].step, made["free"].minimum) == ("1", "")
    assert (made["ground"].choices, made["ground"].value) == ((("light", "light"), ("dark", "dark")), "dark")
    assert (made["flip"].choices, made["flip"].value) == ((("true", "true"), ("false", "false")), "false")


def test_a_parameter_that_is_not_used_has_no_control_until_it_is() -> None:
    used = controls(Playful, {"psi": 0.7, "cutoff": 4})

    assert [one.name for one in controls(Playful, {"psi": 0.7})] == ["psi"]
    assert [(one.name, one.kind, one.value) for one in used][1:] == [("cutoff", "range", "4")]


def test_those_that_are_not_used_can_be_offered_empty() -> None:
    offered = spare(Playful, {"psi": 0.7})

    assert [(one.name, one.kind, one.value) for one in offered] == [
        ("cutoff", "number", ""),
        ("noise", "choice", ""),
    ]
    assert offered[1].choices == (("", "as usual"), ("const", "const"), ("none", "none"))
    assert spare(Playful, {"psi": 0.7, "cutoff": 4, "noise": "none"}) == []


def test_layers_have_words() -> None:
    lent = controls(Playful, {"mix": 7, "mix_layers": "4-7"})[1]
    others = controls(Playful, {"mix": 7, "mix_layers": "2,9"})[1]

    assert ("4-7", "features") in lent.choices
    assert len(lent.choices) == 3
    assert others.choices[0] == ("2,9", "layers 2,9")


def test_company_is_told_by_its_label_alone() -> None:
    psi, mix = controls(Playful, {"psi": 0.7, "mix": 7})

    assert (psi.label, mix.label) == ("ψ (psi)", "mixed with seed")
    assert not mix.told


def test_no_parameters_no_controls() -> None:
    assert controls(Params, {}) == []


@pytest.mark.parametrize(("value", "step"), [(0.7, "0.05"), (-1.0, "0.05"), (0.123, "any")])
def test_a_value_between_the_notches_is_not_moved(value: float, step: str) -> None:
    assert controls(Every, {**Every().model_dump(), "psi": value})[0].step == step


def test_a_narrower_range_unless_the_value_lies_outside() -> None:
    psi = controls(Every, Every().model_dump())[0]

    assert (within(psi, -1, 1).minimum, within(psi, -1, 1).maximum) == ("-1", "1")
    assert within(psi, -1, 0.5) == psi
