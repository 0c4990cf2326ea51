"""`doesnotexist evaluate`, as a person runs it."""

from __future__ import annotations

import json

from click.testing import CliRunner

from doesnotexist_stylegan2.train.evaluate_command import evaluate_command
from doesnotexist_stylegan2.weights import write_network


def test_figures_are_told_and_kept(network, pictures, tmp_path):
    write_network(network(), tmp_path / "net.safetensors")
    words = [tmp_path / "net.safetensors", "--data", pictures, "--out", tmp_path / "out", "--samples", 64]

    done = CliRunner().invoke(evaluate_command, list(map(str, words)), catch_exceptions=False)

    assert json.loads(done.output) == json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert json.loads(done.output)["pictures"] == 20
