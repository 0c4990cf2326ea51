"""Samples that belong together: from a query to their recipes."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from doesnotexist.errors import InvalidParameter
from doesnotexist_web.series.kinds import KINDS, MORPH, NEIGHBOURS, SHEET, STRIP
from doesnotexist_web.series.reading import read_series


def read(zoo, kind, **query: str):
    return read_series(kind, zoo, "waves", MultiDict(query))


def test_a_sheet_has_consecutive_seeds(wave_zoo):
    sheet = read(wave_zoo, SHEET, seed="4294967294", side="2", psi="1")

    assert [recipe.seed for recipe in sheet.recipes] == [4294967294, 4294967295, 0, 1]
    assert {recipe.params["psi"] for recipe in sheet.recipes} == {1.0}


def test_a_strip_goes_from_the_anti_face_through_the_mean(wave_zoo):
    strip = read(wave_zoo, STRIP, seed="7", count="5")

    assert [recipe.params["psi"] for recipe in strip.recipes] == [-1.0, -0.5, 0.0, 0.5, 1.0]


def test_neighbours_stand_beside_the_one_itself(wave_zoo):
    near = read(wave_zoo, NEIGHBOURS, seed="7", count="3")

    assert [recipe.params.get("relative") for recipe in near.recipes] == [None, 1, 2, 3]


def test_a_morph_goes_all_the_way(wave_zoo):
    morph = read(wave_zoo, MORPH, seed="7", toward="8", frames="5")

    assert [recipe.params["step"] for recipe in morph.recipes] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert {recipe.params["toward"] for recipe in morph.recipes} == {8}


@pytest.mark.parametrize("kind", KINDS.values())
def test_its_query_asks_for_the_same_again(wave_zoo, kind):
    first = read(wave_zoo, kind, psi="0.5") if kind is not STRIP else read(wave_zoo, kind)
    again = read(wave_zoo, kind, **first.query)

    assert not first.seeded
    assert (again.seeded, again.complete) == (True, True)
    assert (again.recipes, again.digest, again.query) == (first.recipes, first.digest, first.query)


def test_a_morph_to_anywhere_is_not_seeded(wave_zoo):
    assert not read(wave_zoo, MORPH, seed="7").seeded


def test_what_may_mean_another_model_tomorrow_is_not_complete(wave_zoo):
    assert not read(wave_zoo, SHEET, seed="7", psi="1").complete
    assert not read(wave_zoo, SHEET, seed="7", model=wave_zoo.card("waves").reference).complete


@pytest.mark.parametrize(
    ("kind", "query", "field"),
    [
        (SHEET, {"side": "0"}, "side"),
        (SHEET, {"side": "9"}, "side"),
        (SHEET, {"side": "٣"}, "side"),
        (SHEET, {"side": "1e1"}, "side"),
        (SHEET, {"side": "8", "size": "257"}, "size"),
        (SHEET, {"size": "513"}, "size"),
        (SHEET, {"size": "-1"}, "size"),
        (SHEET, {"psi": "3"}, "psi"),
        (SHEET, {"seed": "x"}, "seed"),
        (SHEET, {"what": "1"}, "what"),
        (STRIP, {"psi": "1"}, "psi"),
        (STRIP, {"count": "2"}, "count"),
        (NEIGHBOURS, {"relative": "1"}, "relative"),
        (NEIGHBOURS, {"count": "25"}, "count"),
        (MORPH, {"step": "0"}, "step"),
        (MORPH, {"toward": "-1"}, "toward"),
        (MORPH, {"frames": "97"}, "frames"),
    ],
)
def test_what_is_wrong_is_named(wave_zoo, kind, query, field):
    with pytest.raises(InvalidParameter) as caught:
        read(wave_zoo, kind, **query)

    assert caught.value.field == field


def test_a_name_that_stands_twice(wave_zoo):
    with pytest.raises(InvalidParameter, match="side: expected one value"):
        read_series(SHEET, wave_zoo, "waves", MultiDict([("side", "2"), ("side", "3")]))
