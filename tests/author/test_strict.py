"""`--strict` makes every fault of a plugin fatal, in one line that names it."""

import os
import sys

import pytest


@pytest.fixture
def broken(tmp_path):
    """The environment of a process that finds one broken plugin."""
    site = tmp_path / "site"
    info = site / "doesnotexist_dogs-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "doesnotexist_dogs.py").write_text("1 / 0")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: doesnotexist-dogs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[doesnotexist]\ndogs = doesnotexist_dogs\n")
    return {"PYTHONPATH": os.pathsep.join([str(site), *filter(None, sys.path)])}


@pytest.mark.parametrize("command", [("--strict", "plugins"), ("--strict", "serve"), ("serve", "--strict")])
def test_a_broken_plugin_is_fatal(run, broken, command):
    done = run(*command, **broken, DOESNOTEXIST_PORT="0")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "ZeroDivisionError" in done.stderr.splitlines()[-1]
    assert "doesnotexist_dogs.py:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_it_the_plugin_is_only_marked(run, broken):
    done = run("plugins", **broken)
    assert done.returncode == 0
    assert "broken" in done.stdout


def test_where_all_is_well_it_changes_nothing(run):
    assert run("--strict", "plugins", "--json").stdout == run("plugins", "--json").stdout
