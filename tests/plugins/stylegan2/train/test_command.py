"""The trainer as a person runs it: a folder in, a generator out, stopped and resumed."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from doesnotexist.errors import InvalidParameter
from doesnotexist_stylegan2 import load_generator
from doesnotexist_stylegan2.latents import z_of_seed
from doesnotexist_stylegan2.train.command import stylegan2_command


def run(*arguments):
    words = [*map(str, arguments), "--resolution", "32", "--batch", "2"]
    return CliRunner().invoke(stylegan2_command, words, catch_exceptions=False)


def test_from_pictures_to_a_generator_in_two_sittings(pictures, tmp_path):
    out = tmp_path / "out"

    assert run("--data", pictures, "--out", out, "--kimg", 0.002).exit_code == 0
    with pytest.raises(InvalidParameter, match="--resume"):
        run("--data", pictures, "--out", out, "--kimg", 0.004)
    done = run("--data", pictures, "--out", out, "--kimg", 0.004, "--resume")

    assert done.output.split() == [str(out / "generator.safetensors")]
    generator = load_generator(out / "generator.safetensors")
    assert generator.synthesize(generator.map(z_of_seed(1))).shape == (1, 3, 32, 32)
    assert (out / "sheet-00000004-psi1.0.png").exists()


def test_nothing_to_resume_is_said(pictures, tmp_path):
    with pytest.raises(InvalidParameter, match="checkpoint"):
        run("--data", pictures, "--out", tmp_path / "new", "--resume")


def test_one_budget_only(pictures, tmp_path):
    with pytest.raises(InvalidParameter, match="budget"):
        run("--data", pictures, "--out", tmp_path / "new", "--kimg", 1, "--minutes", 1)


@pytest.mark.parametrize("option", [("--minutes", 0), ("--resolution", 48), ("--batch", 1), ("--seed", -1)])
def test_impossible_options_are_refused(pictures, tmp_path, option):
    words = ["--data", str(pictures), "--out", str(tmp_path / "new"), *map(str, option)]

    assert CliRunner().invoke(stylegan2_command, words).exit_code == 2
