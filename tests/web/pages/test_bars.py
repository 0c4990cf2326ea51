"""Numbers as bars."""

from __future__ import annotations

from doesnotexist_web.pages.bars import bars, frame


def test_a_bar_goes_up_for_what_is_positive_and_down_for_what_is_not():
    assert bars([1.0, -0.5, 0.1]) == "M1 0v-10M3 0v5M5 0v-1"


def test_a_bar_is_told_to_a_tenth_and_no_longer_than_it_need_be():
    assert bars([1.234, 0.3, 2.996, -0.996]) == "M1 0v-12.3M3 0v-3M5 0v-30M7 0v10"


def test_no_bar_leaves_the_frame():
    assert bars([99.0, -99.0]) == "M1 0v-35M3 0v35"
    assert frame([99.0, -99.0]) == "0 -35 4 70"
