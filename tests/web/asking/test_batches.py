"""What a request for many samples asks for."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from doesnotexist.errors import InvalidParameter, UnknownDomain, UnknownModel
from doesnotexist_web.asking.batches import MANY, read_batch, read_counted


def seeds(batch) -> list[int]:
    return [recipe.seed for recipe in batch.recipes]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"seeds": [3, 1, 3]}, [3, 1, 3]),
        ({"seeds": "0-2,7"}, [0, 1, 2, 7]),
        ({"count": 3, "seed": 4294967294}, [4294967294, 4294967295, 0]),
        ({"items": [{"seed": 5}, {"seed": 6}]}, [5, 6]),
    ],
)
def test_ways_to_name_seeds(zoo, given, wanted):
    assert seeds(read_batch(zoo, "blots", given)) == wanted


def test_without_a_seed_they_are_fresh(zoo):
    assert len(set(seeds(read_batch(zoo, "blots", {"count": MANY})))) > MANY - 2


def test_what_stands_in_an_item_goes_before_what_is_common(zoo):
    batch = read_batch(zoo, "blots", {"items": [{"seed": 1}, {"seed": 2, "psi": 1}], "psi": 0.5, "spots": 9})

    assert [recipe.params["psi"] for recipe in batch.recipes] == [0.5, 1.0]
    assert {recipe.params["spots"] for recipe in batch.recipes} == {9}


def test_true_is_no_number(zoo):
    assert read_batch(zoo, "blots", {"count": 1, "round": True}).recipes[0].params["round"] is True
    with pytest.raises(InvalidParameter, match="psi"):
        read_batch(zoo, "blots", {"count": 1, "psi": True})


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "count"),
        ({"count": 1, "seeds": [1]}, "count"),
        ({"seeds": [1], "seed": 1}, "count"),
        ({"items": [{}], "seed": 1}, "count"),
        ({"count": 0}, "count"),
        ({"count": MANY + 1}, "count"),
        ({"count": True}, "count"),
        ({"count": "3"}, "count"),
        ({"count": 1, "seed": "7"}, "seed"),
        ({"count": 1, "seed": -1}, "seed"),
        ({"count": 1, "seed": 1.0}, "seed"),
        ({"seeds": []}, "seeds"),
        ({"seeds": 7}, "seeds"),
        ({"seeds": "0-100"}, "seeds"),
        ({"seeds": "0-99999999999"}, "seed"),
        ({"seeds": [1, "2"]}, "seed"),
        ({"seeds": list(range(MANY + 1))}, "seeds"),
        ({"items": {}}, "items"),
        ({"items": [1]}, "items[0]"),
        ({"items": [{}, {"psi": 9}]}, "items[1].psi"),
        ({"items": [{"seed": 2**32}]}, "items[0].seed"),
        ({"items": [{"format": "png"}]}, "items[0].format"),
        ({"count": 1, "psi": 3}, "psi"),
        ({"count": 1, "psi": float("nan")}, "psi"),
        ({"count": 1, "psi": {"a": 1}}, "psi"),
        ({"count": 1, "spots": 1.5}, "spots"),
        ({"count": 1, "colour": "red"}, "colour"),
        ({"count": 1, "format": "gif"}, "format"),
        ({"count": 1, "format": 7}, "format"),
        ({"count": 1, "size": "64"}, "size"),
        ({"count": 1, "size": 99999}, "size"),
        ({"count": 1, "model": ["blots/tiny"]}, "model"),
    ],
)
def test_what_is_wrong_is_named(zoo, given, field):
    with pytest.raises(InvalidParameter) as caught:
        read_batch(zoo, "blots", given)

    assert caught.value.field == field


def test_who_is_not_known(zoo):
    with pytest.raises(UnknownDomain):
        read_batch(zoo, "dragons", {"count": 1})
    with pytest.raises(UnknownModel):
        read_batch(zoo, "blots", {"count": 1, "model": "blots/huge"})


def test_a_count_in_a_query(zoo):
    batch = read_counted(zoo, "blots", MultiDict({"count": "3", "seed": "7", "psi": "1", "size": "32"}))

    assert (seeds(batch), batch.size, batch.recipes[0].params["psi"]) == ([7, 8, 9], 32, 1.0)


@pytest.mark.parametrize("count", ["", "0", "101", "-1", "1e1", "٣", "3.0", "9" * 5000])
def test_a_count_that_is_none(zoo, count):
    with pytest.raises(InvalidParameter) as caught:
        read_counted(zoo, "blots", MultiDict({"count": count}))

    assert caught.value.field == "count"
