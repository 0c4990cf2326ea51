"""The author's guide says what is there, and nothing else."""

import re
from pathlib import Path

import pytest

from doesnotexist import hookspecs
from doesnotexist.author.commands import COMMANDS
from doesnotexist.author.scaffold import KINDS
from doesnotexist.cards import ModelCard
from doesnotexist.generator import CAPABILITIES, Generator
from doesnotexist.media import MEDIA_TYPES
from doesnotexist.testing import CHECKS, Budget
from doesnotexist.testing.suite import name_of

GUIDE = Path(__file__).parents[2] / "docs" / "plugins.md"
TEXT = GUIDE.read_text() if GUIDE.is_file() else ""

pytestmark = pytest.mark.skipif(not TEXT, reason="the guide is in the checkout only")


def test_every_promise_is_told_once():
    rows = re.findall(r"^\| ([a-z ]+) \| ", TEXT.split("## The promises")[1].split("## ")[0], re.MULTILINE)
    assert rows == ["promise", *map(name_of, CHECKS)]


def test_every_hook_attribute_format_kind_and_command_is_told():
    for name in vars(hookspecs):
        if name.startswith("register_"):
            assert f"`{name}(" in TEXT
    for name in Generator.__annotations__:
        assert f"| `{name}` |" in TEXT
    for name in (*MEDIA_TYPES, *KINDS, "ready", "disabled", "incompatible", "broken", "conflict"):
        assert f"`{name}`" in TEXT
    for command in COMMANDS:
        assert f"doesnotexist {command.name}" in TEXT or f"`{command.name}" in TEXT


def test_every_capability_is_told_with_its_parameters():
    for name, parameters in CAPABILITIES.items():
        (row,) = re.findall(rf"^\| `{name}` \| (.*) \|$", TEXT, re.MULTILINE)
        assert parameters <= set(re.findall(r"`(\w+)`", row))


def test_the_model_card_of_the_guide_has_every_kind_of_fact():
    card = TEXT.split("```yaml")[1].split("```")[0]
    told = set(re.findall(r"^(?:  - |    )(\w+):", card, re.MULTILINE))
    assert told == ModelCard.model_fields.keys() - {"version"}


def test_every_option_that_is_told_exists():
    import click

    known = {opt for command in COMMANDS for param in command.params for opt in param.opts}
    assert all(isinstance(command, click.Command) for command in COMMANDS)
    others = {"--help", "--json", "--data", "--resolution", "--minutes", "--seed", "--size"}
    others |= {"--strict", "--write", "--allow-rollback", "--check"}
    assert set(re.findall(r"--[a-z][a-z-]+", TEXT)) <= known | others


def test_links_of_the_guide_lead_somewhere():
    heads = {
        re.sub(r"[^a-z -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^## (.+)$", TEXT, re.M)
    }
    assert set(re.findall(r"\(#([a-z-]+)\)", TEXT)) <= heads


def test_the_budget_is_the_real_one():
    budget = Budget()
    assert f"{budget.import_s * 1000:.0f} ms of processor time" in TEXT
    assert f"{budget.load_s:.0f} s to load, {budget.sample_s:.0f} s for a sample" in TEXT
    assert f"| memory | {budget.memory_bytes // 2**30} GB" in TEXT
