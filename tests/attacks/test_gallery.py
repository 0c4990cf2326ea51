"""The gallery tells the truth: every threat has its row, every test that a row names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
GALLERY = (TESTS / "attacks" / "README.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| ([A-F][0-9]+) \| (.+) \|$", GALLERY, re.MULTILINE))
THREATS = {"A": 9, "B": 15, "C": 7, "D": 10, "E": 5, "F": 4}


def test_every_threat_has_its_row() -> None:
    assert set(ROWS) == {f"{letter}{n}" for letter, last in THREATS.items() for n in range(1, last + 1)}


@pytest.mark.parametrize("row", ROWS)
def test_what_a_row_names_is_there(row: str) -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", ROWS[row])
    assert named
    for file, test in named:
        path = TESTS / file if (TESTS / file).exists() else TESTS.parent / file
        functions = {one.name for one in ast.parse(path.read_text("utf-8")).body if hasattr(one, "name")}
        assert not test or test in functions, f"{row}: {file}::{test}"
