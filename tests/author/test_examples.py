"""The living examples: whole plugins beside the distribution, never inside it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from doesnotexist.author.checking import findings
from doesnotexist.testing import Budget
from doesnotexist.zoo import Zoo

TOP = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (TOP / "examples").glob("*/pyproject.toml"))

pytestmark = pytest.mark.skipif(not EXAMPLES, reason="the examples are in the checkout only")


def test_no_build_of_ours_takes_them_along():
    build = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert "examples" not in build["targets"]["wheel"]["only-include"]
    for room in build["targets"]["wheel"]["only-include"]:
        assert list((TOP / room).rglob("pyproject.toml")) == []


@pytest.fixture
def unimported(monkeypatch):
    """Forget afterwards what a test has imported: to other tests the examples are not installed."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("doesnotexist_constellations", "doesnotexist_dogs"):
            del sys.modules[name]


@pytest.mark.usefixtures("unimported")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_can_be_loaded_and_described(example):
    early = ("import", "metadata", "card", "parameters are described", "parameters are refused")
    with Zoo() as zoo:
        found = []
        for _, finding in findings(zoo, str(example), Budget()):
            found.append(finding)
            if finding.check == "parameters are refused":
                break  # the rest needs samples
    assert {f.check: f.reason for f in found if f.verdict == "broken"} == {}
    assert len([f for f in found if f.check.startswith(early)]) == 7


def test_the_dogs_have_their_card_in_our_own_registry():
    with Zoo() as zoo:
        assert zoo.registry.cards("dogs")[0].architecture == "stylegan2"


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_passes_its_own_tests(example):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=example, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
