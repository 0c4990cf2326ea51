from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from doesnotexist import Params
from doesnotexist.errors import InvalidParameter
from doesnotexist.generator import check_params


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
