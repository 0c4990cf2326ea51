"""The promises that every plugin keeps, and what is this one's own."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from doesnotexist_constellations.names import REAL
from doesnotexist_constellations.sky import edges, genitive, scattered

from doesnotexist.testing import GeneratorTests

TOP = Path(__file__).parents[1]


class TestConstellations(GeneratorTests):
    plugin = "doesnotexist_constellations"


def test_the_weights_can_be_made_again():
    made = runpy.run_path(str(TOP / "make_weights.py"))["content"]()
    assert made == (TOP / "doesnotexist_constellations/weights/sky.safetensors").read_bytes()


def crossing(a, b, c, d):
    def side(p, q, r):
        return np.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    return side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)


@pytest.mark.parametrize("seed", range(20))
def test_the_lines_join_all_stars_and_never_cross(seed):
    points = scattered(np.random.RandomState(seed), 9)
    found = edges(points)
    reached = {0}
    for _ in found:
        reached |= {j for pair in found for i, j in (pair, pair[::-1]) if i in reached}
    assert reached == set(range(9))
    for index, (a, b) in enumerate(found):
        for c, d in found[:index]:
            if len({a, b, c, d}) == 4:
                assert not crossing(points[a], points[b], points[c], points[d])


def test_none_of_them_exists():
    subject = TestConstellations().subject()
    skies = subject.sample(*(subject.recipe(seed) for seed in range(300)))
    assert not {sky.name.lower() for sky in skies} & set(REAL)
    assert all(sky.name.isalpha() for sky in skies)


def test_turning_the_crowd_leaves_the_figure():
    subject = TestConstellations().subject()
    few, many = subject.sample(subject.recipe(7, crowd=0.1), subject.recipe(7, crowd=0.9))
    assert (few.name, few.figure, few.edges) == (many.name, many.figure, many.edges)
    assert len(few.others) < len(many.others)


def test_of_a_constellation():
    assert [genitive(name) for name in ("Cygnus", "Lyra", "Orion")] == ["Cygni", "Lyrae", "Orionis"]
