"""`doesnotexist convert`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from doesnotexist.errors import ConversionRefused, InvalidParameter
from doesnotexist_stylegan2.convert.command import convert_command

from .networks import SMALL, nvidia_tf, random_tensors, rosinality


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "net.pkl"
    path.write_bytes(nvidia_tf(SMALL, random_tensors(SMALL)))
    return path


def invoke(*arguments):
    return CliRunner().invoke(convert_command, [str(a) for a in arguments])


def test_one_line(source, tmp_path):
    result = invoke(source, tmp_path / "net.safetensors")
    assert result.exit_code == 0
    assert result.output.count("\n") == 1
    assert "nvidia-tf-4" in result.output


def test_what_was_not_in_the_checkpoint_is_said(tmp_path):
    path = tmp_path / "net.pt"
    path.write_bytes(rosinality(SMALL, random_tensors(SMALL), mean=False))
    result = invoke(path, tmp_path / "net.safetensors")
    assert "  w_avg: not in the checkpoint: mean of 10000 w" in result.output


def test_json(source, tmp_path):
    report = json.loads(invoke(source, tmp_path / "net.safetensors", "--json").output)
    assert report["architecture"]["resolution"] == 16
    assert report["format"] == "doesnotexist-stylegan2/1"
    assert len(report["source_sha256"]) == 64


def test_errors_are_the_projects_own(source, tmp_path):
    """The command line prints them as one line and ends with their exit code."""
    assert isinstance(invoke(source, tmp_path / "net.pkl").exception, InvalidParameter)
    source.write_bytes(b"\x80\x02cposix\nsystem\n.")
    error = invoke(source, tmp_path / "net.safetensors").exception
    assert isinstance(error, ConversionRefused)
    assert (error.offender, error.exit_code) == ("posix.system", 3)


def test_importing_the_command_imports_nothing_heavy():
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import doesnotexist_stylegan2.convert.command; "
        "print({'torch', 'numpy', 'safetensors', 'ctypes', 'subprocess'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, *sys.path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
