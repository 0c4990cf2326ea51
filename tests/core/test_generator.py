from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from doesnotexist import Generator, Params
from doesnotexist.errors import InvalidParameter
from doesnotexist.generator import check_params, faults, schemas
from doesnotexist.recipe import text_of


class Sliders(Params):
    psi: float = Field(0.7, ge=-2, le=2)
    layers: int = Field(3, ge=0, le=9)
    noise: Literal["const", "none"] = "const"
    raw: bool = False


def test_defaults_are_filled_in():
    assert check_params(Sliders, {}) == {"psi": 0.7, "layers": 3, "noise": "const", "raw": False}


def test_text_and_values_mean_the_same():
    text = {"psi": "-0.5", "layers": "4", "noise": "none", "raw": "true"}
    typed = {"psi": -0.5, "layers": 4, "noise": "none", "raw": True}
    assert check_params(Sliders, text) == check_params(Sliders, typed) == typed


class Play(Params):
    mix: int | None = Field(None, ge=0, le=9, description="a second seed")
    mix_layers: str | None = Field(None, pattern="^[0-9]$", examples=["4"])
    mood: Literal["calm", "wild"] | None = None


def test_an_optional_parameter_stands_in_no_recipe_while_it_is_not_used():
    assert check_params(Play, {}) == check_params(Play, {"mix": "", "mood": None}) == {}
    assert check_params(Play, {"mix": "3", "mood": "wild"}) == {"mix": 3, "mood": "wild"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("mix", "10", "an integer from 0 to 9"),
        ("mix", " ", "an integer from 0 to 9"),
        ("mix", "1_0", "an integer from 0 to 9"),
        ("mix_layers", "x", "text such as 4"),
        ("mood", "dull", "one of calm, wild"),
    ],
)
def test_an_optional_parameter_is_checked_like_any_other(name, value, expected):
    with pytest.raises(InvalidParameter, match=f"{name}: expected {expected}, found"):
        check_params(Play, {name: value})


def test_a_schema_is_that_of_the_values():
    assert schemas(Play)["mix"].items() >= {"type": "integer", "maximum": 9, "optional": True}.items()
    assert schemas(Sliders)["psi"].keys() == {"default", "maximum", "minimum", "title", "type"}


def test_capabilities_are_told_from_the_names_of_parameters():
    class Cats(Generator):
        domain, noun, title, params = "cats", "cat", "This Cat Does Not Exist", Play

        def load(self, card, files, device):
            raise NotImplementedError

    assert Cats().capabilities == {"mix"}


def test_params_that_cannot_be_told_are_a_fault_of_the_plugin():
    class Unfinished(Params):
        when: NotYet  # noqa: F821

    class Cats(Generator):
        domain, noun, title, params = "cats", "cat", "This Cat Does Not Exist", Unfinished

        def load(self, card, files, device):
            raise NotImplementedError

    assert any("params cannot be told" in fault for fault in faults(Cats()))


def test_one_value_has_one_text_form():
    # otherwise one picture would have two recipes, two ETags and two places in every cache
    assert check_params(Sliders, {"psi": "0.50"}) == check_params(Sliders, {"psi": 0.5})
    assert str(check_params(Sliders, {"psi": "-0"})["psi"]) == "0.0"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("psi", "3", "a number from -2 to 2"),
        ("psi", "nan", "a number from -2 to 2"),
        ("psi", "inf", "a number from -2 to 2"),
        ("psi", float("nan"), "a number from -2 to 2"),
        ("psi", float("inf"), "a number from -2 to 2"),
        ("psi", "1e999", "a number from -2 to 2"),
        ("psi", "0_1", "a number from -2 to 2"),
        ("psi", "٣", "a number from -2 to 2"),
        ("psi", " 1", "a number from -2 to 2"),
        ("psi", "1" * 5000, "a number from -2 to 2"),
        ("psi", [1], "a number from -2 to 2"),
        ("layers", "2.5", "an integer from 0 to 9"),
        ("noise", "loud", "one of const, none"),
        ("raw", "maybe", "true or false"),
        ("psl", "1", "a known parameter (seed, psi, layers, noise, raw)"),
    ],
)
def test_what_is_refused_is_named(field, value, expected):
    with pytest.raises(InvalidParameter) as caught:
        check_params(Sliders, {field: value})
    assert (caught.value.field, caught.value.expected) == (field, expected)
    assert len(str(caught.value)) < 200


@given(st.dictionaries(st.sampled_from(["psi", "layers", "raw", "x"]), st.text(max_size=20)))
def test_any_text_is_checked_or_refused(params):
    try:
        checked = check_params(Sliders, params)
    except InvalidParameter:
        return
    assert -2 <= checked["psi"] <= 2
    assert 0 <= checked["layers"] <= 9


@pytest.mark.parametrize("value", [1 / 3, 1e-5, -1e-7, 1e-300, "0.00001", "-0.0000000001", 0.7, -2])
def test_every_number_that_is_taken_can_be_read_again_from_its_recipe(value):
    class Fine(Params):
        psi: float = Field(0.7, ge=-2, le=2)

    taken = check_params(Fine, {"psi": value})

    assert check_params(Fine, {"psi": text_of(taken["psi"])}) == taken
