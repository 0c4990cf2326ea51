import pytest
from hypothesis import given
from hypothesis import strategies as st

from doesnotexist.author.slips import canonical, distance, meant

KNOWN = {"doesnotexist-dogs", "doesnotexist-churches", "doesnotexist-faces", "zoo-owls"}


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("doesnotexist-dog", "doesnotexist-dogs"),
        ("doesnotexist-dgos", "doesnotexist-dogs"),
        ("dogs", "doesnotexist-dogs"),
        ("doesnotexist-chruches", "doesnotexist-churches"),
        ("doesnotexist-church", "doesnotexist-churches"),
        ("doesnotexsit-dogs", "doesnotexist-dogs"),
        ("doesnotexists-anything", "doesnotexist-anything"),
        ("doesnotexist-face", "doesnotexist-faces"),
    ],
)
def test_a_slip_is_seen(typed, known):
    assert meant(typed, KNOWN) == known


@pytest.mark.parametrize(
    "typed",
    [
        "doesnotexist-dogs",
        "Doesnotexist_Dogs",
        "doesnotexist-islands",
        "zoo-owls",
        "my-unicorns",
        "cows-in-art",
    ],
)
def test_what_is_no_slip(typed):
    assert meant(typed, KNOWN) == ""


@pytest.mark.parametrize(
    ("a", "b", "slips"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abc", "ab", 1),
        ("ab", "abc", 1),
        ("abc", "xyz", 3),
    ],
)
def test_slips_are_counted(a, b, slips):
    assert distance(a, b) == slips


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_the_way_back_is_as_long(a, b):
    assert distance(a, b) == distance(b, a) <= max(len(a), len(b))


def test_one_spelling():
    assert canonical("Does.Not_Exist--Dogs") == "does-not-exist-dogs"
