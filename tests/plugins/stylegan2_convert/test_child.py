"""The reading process by itself: a filter from stdin to stdout, with one report on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load

import doesnotexist
import doesnotexist_stylegan2

from .attacks import gallery
from .networks import SMALL, nvidia_torch, random_tensors

PATH = "import sys; sys.path[:0] = [root for root in sys.argv[1:] if root not in sys.path]; "
MAIN = "from doesnotexist_stylegan2.convert.child import main; "
START = f"{PATH}{MAIN}sys.exit(main())"
ROOTS = [str(Path(package.__file__).parents[1]) for package in (doesnotexist, doesnotexist_stylegan2)]


@pytest.fixture
def run(tmp_path):
    def filtered(data: bytes, start: str = START) -> subprocess.CompletedProcess[bytes]:
        (tmp_path / "in").write_bytes(data)
        with (tmp_path / "in").open("rb") as stream:
            command = [sys.executable, "-I", "-c", start, *ROOTS]
            return subprocess.run(command, stdin=stream, capture_output=True, check=False, cwd=tmp_path)

    return filtered


def test_a_filter(run):
    tensors = random_tensors(SMALL)
    done = run(nvidia_torch(SMALL, tensors))
    report = json.loads(done.stderr)
    assert done.returncode == 0
    assert load(done.stdout).keys() == tensors.keys()
    assert report["architecture"]["resolution"] == 16
    assert report["network"] in ("none", "refused by hook")


def test_a_refusal(run):
    done = run(dict(gallery())["call-os.system-p4"])
    assert (done.returncode, done.stdout) == (1, b"")
    assert json.loads(done.stderr) == {"error": "ConversionRefused", "detail": "os.system"}


def test_whatever_goes_wrong_is_one_report(run):
    """A bug of the reader's, here put in, or memory that ends, is no stack trace."""
    module = "import doesnotexist_stylegan2.convert.checkpoint as c; "
    bug, greedy = "c.read = lambda data: {}[7]; ", "c.read = lambda data: bytearray(8 << 30); "
    for code, detail in ((bug, "KeyError: 7"), (greedy, "more memory")):
        done = run(b"x", f"{PATH}{module}{code}{MAIN}sys.exit(main())")
        assert done.returncode == 1
        assert detail in json.loads(done.stderr)["detail"]
