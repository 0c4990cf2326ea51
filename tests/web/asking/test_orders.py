"""From a query to an order, and all that a query can get wrong."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from doesnotexist import Zoo
from doesnotexist.errors import DoesNotExistError, InvalidParameter, ModelGone, UnknownModel
from doesnotexist_web.asking.orders import Order, read_order

FULL = {"seed": "7", "psi": "0.7", "spots": "5", "ground": "light", "round": "true"}


def order(zoo: Zoo, strict: bool = True, **query: str) -> Order:
    return read_order(zoo, "blots", MultiDict(query), strict=strict)


def test_an_empty_query_is_a_fresh_one(zoo: Zoo) -> None:
    first, second = order(zoo), order(zoo)

    assert first.recipe.seed != second.recipe.seed
    assert (first.seeded, first.complete, first.format, first.size) == (False, False, "jpeg", None)


@pytest.mark.parametrize(
    ("query", "anything"),
    [
        ({}, True),
        ({"format": "jpg"}, True),
        ({"format": "png"}, False),
        ({"size": "64"}, False),
        ({"psi": "0.7"}, False),
        ({"model": "blots/tiny"}, False),
        ({"seed": "7"}, False),
    ],
)
def test_anything_will_do_only_where_nothing_is_asked(zoo, query, anything):
    assert order(zoo, **query).anything is anything


def test_everything_named(zoo: Zoo) -> None:
    reference = zoo.card("blots").reference
    made = order(zoo, model=reference, format="jpg", size="256", **FULL)

    assert made.complete
    assert (made.recipe.seed, made.format, made.size) == (7, "jpeg", 256)
    assert made.recipe.params == {"psi": 0.7, "spots": 5, "ground": "light", "round": True}


@pytest.mark.parametrize("missing", [*FULL, "model"])
def test_complete_is_only_what_leaves_nothing_open(zoo: Zoo, missing: str) -> None:
    query = {"model": zoo.card("blots").reference, **FULL}
    del query[missing]

    assert not order(zoo, **query).complete


def test_a_model_without_digest_is_not_complete(zoo: Zoo) -> None:
    assert not order(zoo, model="blots/tiny", **FULL).complete


BAD = [
    ("seed", "-1"),
    ("seed", "1e9"),
    ("seed", "٣"),
    ("seed", "1_0"),
    ("seed", " 7 "),
    ("seed", "+5"),
    ("seed", ""),
    ("seed", "7.0"),
    ("seed", "4294967296"),
    ("seed", "9" * 5000),
    ("seed", "0x7"),
    ("psi", "nan"),
    ("psi", "inf"),
    ("psi", "1e999"),
    ("psi", "2.1"),
    ("psi", "-2.1"),
    ("psi", "٣"),
    ("psi", ""),
    ("spots", "0"),
    ("spots", "1.5"),
    ("ground", "plaid"),
    ("round", "perhaps"),
    ("format", "exe"),
    ("format", "svg"),
    ("format", "../jpeg"),
    ("format", ""),
    ("size", "15"),
    ("size", "2049"),
    ("size", "-64"),
    ("size", "٦٤"),
    ("size", "64px"),
    ("size", ""),
    ("size", "9" * 400),
    ("model", ""),
    ("model", "../../etc/passwd"),
    ("model", "blots/tiny@"),
    ("model", "blots/tiny@xyz"),
    ("colour", "red"),
    ("seed[]", "7"),
    ("", ""),
]


@pytest.mark.parametrize(("field", "text"), BAD)
def test_a_bad_value_is_refused_by_name(zoo: Zoo, field: str, text: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        read_order(zoo, "blots", MultiDict([(field, text)]))

    assert refused.value.field == field


@pytest.mark.parametrize("field", ["seed", "psi", "model", "format", "size", "colour"])
def test_a_name_that_stands_twice_is_refused(zoo: Zoo, field: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        read_order(zoo, "blots", MultiDict([(field, "7"), (field, "7")]))

    assert refused.value.field == field


def test_weights_that_are_gone_are_said_to_be(zoo: Zoo) -> None:
    with pytest.raises(ModelGone):
        order(zoo, model="blots/tiny@000000000000", seed="7")


def test_a_model_of_another_domain_is_unknown(zoo: Zoo) -> None:
    with pytest.raises(UnknownModel):
        order(zoo, model="moods/tiny")


def test_cache_busters_are_left_aside_where_they_may_be(zoo: Zoo) -> None:
    query = MultiDict([("t", "1"), ("t", "2"), ("0.123", ""), ("seed", "7")])

    assert read_order(zoo, "blots", query, strict=False).recipe.seed == 7


def test_known_names_are_checked_even_there(zoo: Zoo) -> None:
    with pytest.raises(InvalidParameter):
        order(zoo, strict=False, seed="-1")


NAMES = st.sampled_from([*FULL, "model", "format", "size"]) | st.text(max_size=8)
VALUES = st.text(max_size=20) | st.integers().map(str) | st.floats().map(str)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=5), st.booleans())
def test_any_query_gives_an_order_or_an_error_of_ours(
    zoo: Zoo, query: list[tuple[str, str]], strict: bool
) -> None:
    try:
        made = read_order(zoo, "blots", MultiDict(query), strict=strict)
    except DoesNotExistError:
        return
    assert 0 <= made.recipe.seed < 2**32
