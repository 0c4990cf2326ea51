"""What changes over a run."""

from __future__ import annotations

import pytest

from doesnotexist.errors import InvalidParameter
from doesnotexist_stylegan2.train.schedule import (
    Budget,
    average_decay,
    generator_rate,
    moment_weight,
)


def test_a_budget_of_minutes_and_one_of_images():
    assert Budget(minutes=2).progress(seconds=30, images=10**9) == 0.25
    assert Budget(images=1000).progress(seconds=10**9, images=250) == 0.25
    assert Budget(images=1000).progress(seconds=0, images=1001) == 1


@pytest.mark.parametrize("given", [{}, {"minutes": 1, "images": 1}, {"minutes": 0}, {"images": -5}])
def test_a_budget_is_one_of_the_two(given):
    with pytest.raises(InvalidParameter, match="budget"):
        Budget(**given)


def test_the_end_of_the_budget_is_the_end_of_the_schedule():
    assert [generator_rate(p) for p in (0, 0.49, 0.5, 0.74, 0.75, 1)] == [2e-3, 2e-3, 7e-4, 7e-4, 2e-4, 2e-4]
    assert (moment_weight(0), moment_weight(1)) == (1.0, 0.5)


def test_the_average_remembers_a_tenth_of_the_run_and_at_most_ten_thousand_images():
    assert average_decay(1000, 100) == pytest.approx(0.5)
    assert average_decay(10**9, 10_000) == pytest.approx(0.5)
    assert average_decay(0, 32) == 0
