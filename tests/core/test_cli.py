import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from doesnotexist.cli import cli
from doesnotexist.session import Session


@pytest.fixture
def run(zoo):
    """Run a command in this process over the stripes zoo; gives (output, error)."""

    def invoke(*arguments):
        session = Session()
        session.__dict__["zoo"] = zoo
        result = CliRunner().invoke(cli, arguments, obj=session)
        return result.output, result.exception

    return invoke


def told(*arguments, cwd=None):
    """Run the real command in its own process."""
    command = [sys.executable, "-m", "doesnotexist", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_models_as_json(run):
    output, error = run("models", "--json")
    assert error is None
    rows = json.loads(output)
    assert [row["id"] for row in rows] == ["stripes/one", "stripes/two"]
    assert rows[0] == {
        "id": "stripes/one",
        "domain": "stripes",
        "architecture": "drawn-by-hand",
        "resolution": 8,
        "size": 50,
        "licence": "CC0-1.0",
        "commercial": True,
        "status": "cached",
        "plugin": True,
    }


def test_domains_and_plugins_as_json(run):
    (row,) = json.loads(run("domains", "--json")[0])
    assert (row["domain"], row["model"]) == ("stripes", "stripes/one")
    assert "json" in row["formats"]
    states = {row["name"]: row for row in json.loads(run("plugins", "--json")[0])}
    assert states["stripes"]["domains"] == ["stripes"]
    assert states["faces"]["state"] == "disabled"


def test_generate_one_file(run, tmp_path):
    target = tmp_path / "s.png"
    output, error = run("generate", "stripes", "--seed", "7", "--psi", "-1", "--out", str(target))
    assert (error, output.strip()) == (None, str(target))
    assert target.read_bytes()[:4] == b"\x89PNG"


def test_generate_a_folder(run, tmp_path):
    out = tmp_path / "new" / "folder"
    output, error = run("generate", "stripes", "--seeds", "0-3,9", "--bold", "--out", str(out))
    assert error is None
    names = [f"stripes-one-seed{seed}.jpg" for seed in (0, 1, 2, 3, 9)]
    assert sorted(path.name for path in out.iterdir()) == ["manifest.jsonl", *names]
    assert output == f"{out}\n"


def test_generate_many_records_in_one_file(run, tmp_path):
    out = tmp_path / "s.json"
    output, error = run("generate", "stripes", "--seed", "3", "--count", "6", "--out", str(out))
    assert isinstance(error, Exception), "six JPEGs are no file"
    output, error = run(
        "generate", "stripes", "--seed", "3", "--count", "6", "--format", "json", "--out", str(out)
    )
    assert (error, output.strip()) == (None, str(out))
    assert [json.loads(line)["seed"] for line in out.read_text().splitlines()] == [3, 4, 5, 6, 7, 8]
    assert [path.name for path in tmp_path.glob(".*partial")] == []


def test_generate_tells_what_it_made(run, tmp_path):
    output, _ = run("generate", "stripes", "--seed", "7", "--out", str(tmp_path), "--json")
    row = json.loads(output)
    assert Path(row["path"]).exists()
    assert row["recipe"].startswith("stripes/one@")


def test_count_without_seed_draws_fresh_ones(run, tmp_path):
    run("generate", "stripes", "--count", "3", "--out", str(tmp_path / "a"))
    run("generate", "stripes", "--count", "3", "--out", str(tmp_path / "b"))
    assert len({path.name for path in tmp_path.glob("?/*.jpg")}) == 6


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["generate", "unicorns"], "no domain 'unicorns'"),
        (["generate", "faces", "--seed", "-1"], "seed: expected an integer from 0 to 4294967295"),
        (["generate", "faces", "--seed", "1e9"], "seed"),
        (["generate", "faces", "--seed", "٣"], "seed"),
        (["generate", "faces", "--psi", "nan"], "psi: expected a number from -2 to 2"),
        (["generate", "faces", "--format", "exe"], "format: expected one of jpeg"),
        (["generate", "faces", "--size", "5"], "size"),
        (["generate", "faces", "--seed", "1", "--seeds", "1-2"], "seeds"),
        (["generate", "faces", "--model", "faces/none"], "no model 'faces/none'"),
        (["generate", "faces", "--count", "0"], "--count"),
        (["generate", "faces", "--colour", "red"], "--colour"),
        (["models", "--domain", "unicorns"], "no domain 'unicorns'"),
        (["no-such-command"], "no-such-command"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_reason(arguments, reason):
    done = told(*arguments)
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_failure_ends_with_3_and_one_line(tmp_path):
    for out in (tmp_path / "nowhere" / "f.jpg", Path("/proc/f.jpg")):
        done = told("generate", "faces", "--seed", "1", "--out", str(out))
        assert done.returncode == 3
        assert len(done.stderr.splitlines()) == 1


def test_version_and_help():
    assert told("--version").stdout.startswith("doesnotexist 0.1.0")
    helped = told("--help").stdout
    for command in ("models", "domains", "plugins", "generate", "serve"):
        assert command in helped
    assert "--psi" in told("generate", "faces", "--help").stdout


def test_a_command_of_a_plugin_that_is_left_out_is_not_simply_unknown(monkeypatch):
    monkeypatch.setenv("DOESNOTEXIST_PLUGINS", "faces")
    done = told("serve")
    assert done.returncode == 2
    assert "DOESNOTEXIST_PLUGINS leaves out art, " in done.stderr
    monkeypatch.delenv("DOESNOTEXIST_PLUGINS")
    assert "PLUGINS" not in told("sreve").stderr


def test_a_reader_that_leaves_early_is_no_error():
    command = f"{sys.executable} -m doesnotexist models --json | head -c 5"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)  # noqa: S602
    assert done.stderr == ""


def test_listing_models_is_quick():
    # the promise is 0.5 s of wall clock; CPU time is what a busy machine cannot stretch
    before, started = os.times(), time.monotonic()
    assert told("models", "--json").returncode == 0
    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    assert min(spent, time.monotonic() - started) < 0.5
