"""The kinds of series: whose samples can be arranged so, and how many there are."""

from __future__ import annotations

from doesnotexist_web.series.kinds import KINDS, MORPH, SHEET, offers, usual


def test_each_kind_needs_what_it_turns(wave_zoo, plugins):
    waves, polygons = wave_zoo.generator("waves"), plugins.generator("polygons")

    assert [kind.name for kind in KINDS.values() if offers(waves, kind)] == list(KINDS)
    assert [kind.name for kind in KINDS.values() if offers(polygons, kind)] == ["sheet"]


def test_drawings_have_time_to_be_looked_at(wave_zoo, plugins):
    assert usual(MORPH, wave_zoo.generator("waves")) == 48
    assert usual(MORPH, plugins.generator("polygons")) == 12
    assert usual(SHEET, plugins.generator("polygons")) == SHEET.usual
