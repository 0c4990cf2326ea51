import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doesnotexist.errors import InvalidParameter
from doesnotexist.recipe import (
    MAX_SEED,
    Recipe,
    check_seed,
    fresh_seed,
    parse_reference,
    parse_seed,
    parse_seeds,
    parse_text,
)

RECIPE = Recipe("faces/starter-64", "1f" * 32, 7, {"psi": 0.7, "bold": True})


def test_text_form_names_model_weights_seed_and_every_parameter():
    assert str(RECIPE) == "faces/starter-64@1f1f1f1f1f1f?seed=7&bold=true&psi=0.7"


def test_text_form_reads_back():
    model, digest, seed, params = parse_text(str(RECIPE))
    assert (model, digest, seed) == ("faces/starter-64", "1f1f1f1f1f1f", 7)
    assert params == {"bold": "true", "psi": "0.7"}


def test_digest_changes_with_everything_that_changes_the_sample():
    others = [
        Recipe("faces/other", RECIPE.weights, 7, RECIPE.params),
        Recipe(RECIPE.model, "1f" * 31 + "00", 7, RECIPE.params),
        Recipe(RECIPE.model, RECIPE.weights, 8, RECIPE.params),
        Recipe(RECIPE.model, RECIPE.weights, 7, {"psi": 0.71, "bold": True}),
    ]
    assert len({RECIPE.digest, *(other.digest for other in others)}) == 5


def test_the_order_of_parameters_does_not_matter():
    same = Recipe(RECIPE.model, RECIPE.weights, 7, {"bold": True, "psi": 0.7})
    assert (same.digest, hash(same), same) == (RECIPE.digest, hash(RECIPE), RECIPE)


def test_a_recipe_travels_to_other_processes():
    assert pickle.loads(pickle.dumps(RECIPE)) == RECIPE  # noqa: S301 - our own bytes


@pytest.mark.parametrize("text", ["0", "7", "4294967295", "0000000007"])
def test_seeds_that_are_taken(text):
    assert parse_seed(text) == int(text)


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+5", " 7", "7 ", "1_0", "1e9", "0x7", "7.0", "٣", "4294967296", "9" * 5000, "nan"],
)
def test_seeds_that_are_refused(text):
    with pytest.raises(InvalidParameter, match=r"^seed: expected an integer from 0 to 4294967295"):
        parse_seed(text)


@pytest.mark.parametrize("value", [-1, MAX_SEED + 1, 7.0, True, "7", None])
def test_seeds_of_another_type_are_refused(value):
    with pytest.raises(InvalidParameter):
        check_seed(value)


def test_ranges_of_seeds():
    assert parse_seeds("0-3, 20,5") == [0, 1, 2, 3, 20, 5]


@pytest.mark.parametrize("text", ["3-1", "0-1000000", "1,,2", "-", "1-", "a-b"])
def test_ranges_that_are_refused(text):
    with pytest.raises(InvalidParameter):
        parse_seeds(text)


def test_a_refused_range_names_its_own_bound():
    with pytest.raises(InvalidParameter, match=r"at most 100, found '0-200'"):
        parse_seeds("0-200", 100)


def test_fresh_seeds_differ():
    assert len({fresh_seed() for _ in range(100)}) > 95


@pytest.mark.parametrize(
    "text", ["faces", "faces/", "/x", "Faces/x", "faces/../x", "faces/x@", "faces/x@zz", "faces/x@1f"]
)
def test_references_that_are_refused(text):
    with pytest.raises(InvalidParameter, match="model"):
        parse_reference(text)


def test_a_parameter_may_stand_once():
    with pytest.raises(InvalidParameter, match="once"):
        parse_text("faces/a?seed=1&psi=0&psi=1")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        model, digest, seed, params = parse_text(text)
    except InvalidParameter:
        return
    recipe = Recipe(model, (digest or "0") * 64, seed, params)
    assert parse_text(str(recipe))[2] == seed


@given(st.text(max_size=30))
def test_any_text_is_a_seed_or_refused(text):
    try:
        seed = parse_seed(text)
    except InvalidParameter:
        return
    assert text.isascii()
    assert 0 <= seed <= MAX_SEED
