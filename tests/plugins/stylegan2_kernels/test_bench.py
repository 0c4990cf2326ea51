"""`doesnotexist bench` measures a model in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from doesnotexist.errors import EngineError, InvalidParameter
from doesnotexist_stylegan2.bench import bench_command
from doesnotexist_stylegan2.bench.command import _sheet
from doesnotexist_stylegan2.bench.measuring import measure, peak_bytes
from doesnotexist_stylegan2.weights import write_network

from .networks import small_network


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_network(small_network(16), tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


def test_a_file_is_measured(file: Path):
    done = CliRunner().invoke(
        bench_command, [str(file), "--kernels", "plain", "--pictures", "2", "--threads", "1", "--json"]
    )
    figures = json.loads(done.output)

    assert figures["model"] == "net.safetensors"
    assert (figures["resolution"], figures["kernels"], figures["threads"]) == (16, "plain", 1)
    assert figures["device"] == "cpu"
    assert figures["pictures_per_second"] > 0
    assert figures["peak_bytes"] is None or figures["peak_bytes"] > 10_000_000


def test_the_sheet_has_every_figure(file: Path):
    sheet = _sheet({"model": "net", **measure(str(file), "plain", 1, None)})

    for word in ("pictures per second", "one picture", "load", "peak memory", "kernels", "machine", "date"):
        assert word in sheet


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_a_card_that_is_not_there(file: Path):
    done = CliRunner().invoke(bench_command, [str(file), "--device", "cuda"])

    assert isinstance(done.exception, EngineError)
    assert "cuda" in str(done.exception)


def test_a_broken_file_ends_with_its_reason(tmp_path: Path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    done = CliRunner().invoke(bench_command, [str(broken)])

    assert isinstance(done.exception, EngineError)
    assert "broken.safetensors" in str(done.exception)


def test_a_model_and_a_resolution_do_not_go_together():
    done = CliRunner().invoke(bench_command, ["faces/any", "--resolution", "8"])

    assert isinstance(done.exception, InvalidParameter)


def test_peak_memory_is_known_on_linux():
    assert peak_bytes() is None or peak_bytes() > 0
