"""A house in bad condition: no network, a store that cannot be written, no device, a clock that jumps."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import doesnotexist
import doesnotexist_web
from doesnotexist.errors import DeviceMissing

GENERATE = [sys.executable, "-m", "doesnotexist", "generate", "chemicals", "--seed", "7", "--out", "-"]
BY_THE_WALL = {"inventory.py"}  # where a clock of the wall is meant: the age of a file
HOUSE = [Path(str(room.__file__)).parent for room in (doesnotexist, doesnotexist_web)]


def _may(*unshare: str) -> bool:
    found = shutil.which("unshare")
    return bool(found) and subprocess.run([found, *unshare, "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not _may("-n"), reason="needs the right to leave the network")
def test_without_a_network_what_is_bundled_is_made(tmp_path: Path) -> None:
    done = subprocess.run(["unshare", "-n", *GENERATE], cwd=tmp_path, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"<")


@pytest.mark.skipif(not _may("-m"), reason="needs the right to mount a disk")
@pytest.mark.parametrize("options", ["ro,size=1m", "size=1m,nr_inodes=1"])
def test_a_store_that_cannot_be_written_keeps_nothing_from_being_made(options: str, tmp_path: Path) -> None:
    mounted = 'mount -t tmpfs -o "$0" tmpfs "$DOESNOTEXIST_STORE" && exec "$@"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mounted, options, *GENERATE],
        env={**os.environ, "DOESNOTEXIST_STORE": str(tmp_path)},
        cwd=tmp_path.parent,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"<")


def test_a_device_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    code = DeviceMissing.exit_code
    done = subprocess.run(
        GENERATE,
        env={**os.environ, "DOESNOTEXIST_DEVICE": "cuda:7"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (code, "")
    assert "cuda:7" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_timed_is_timed_by_a_clock_that_cannot_jump() -> None:
    for path in (path for room in HOUSE for path in room.rglob("*.py")):
        calls = {
            ast.unparse(n.func) for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)
        }
        assert "time.time" not in calls or path.name in BY_THE_WALL, path
