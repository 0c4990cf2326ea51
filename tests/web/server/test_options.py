"""What an operator can say to `serve`."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from doesnotexist import Settings
from doesnotexist_web.server.commands import USUAL, serve
from doesnotexist_web.server.options import FLAGS, operator_options


@pytest.fixture
def told():
    """The settings that a command line means, on top of an environment."""

    def read(*arguments: str, **environment: str) -> Settings:
        found: dict[str, str | None] = {}
        command = click.Command("serve", callback=lambda **given: found.update(given))
        result = CliRunner().invoke(operator_options(USUAL)(command), arguments)
        assert result.exit_code == 0, result.output
        return Settings.read({**USUAL, **environment}, **found)

    return read


def test_options_go_before_the_environment_and_that_before_what_is_usual(told):
    assert told().workers == "process"
    assert told(DOESNOTEXIST_WORKERS="thread").workers == "thread"
    assert told("--engine", "thread").workers == "thread"
    assert told("--workers", "process", DOESNOTEXIST_WORKERS="thread").workers == "process"


def test_every_option_sets_its_setting(told):
    values = {
        "port": "81",
        "device": "cpu,cpu",
        "threads": "3",
        "overload": "share",
        "queue_size": "7",
        "deadline_s": "5",
        "pool_bytes": "2MiB",
        "media_cache": "cache",
        "min_replicas": "2",
        "max_replicas": "2",
        "ray_address": "auto",
        "status": "off",
    }
    flags = {name: flag[0] for flag, name in FLAGS.items()}
    settings = told(*(text for name, value in values.items() for text in (flags[name], value)))
    assert (settings.pool_bytes, settings.queue_size, settings.deadline_s) == (2 * 2**20, 7, 5.0)
    shown = {name: str(getattr(settings, name)) for name in values}
    assert shown == {**values, "deadline_s": "5.0", "pool_bytes": str(2 * 2**20)}


def test_help_says_each_default_and_fits_80_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = CliRunner().invoke(serve, ["--help"]).output
    assert all(flag in text for flags in FLAGS for flag in flags)
    assert "[default: process]" in text
    assert "[default: 1MiB]" in text
    assert max(map(len, text.splitlines())) <= 80
