"""A whole run in miniature: two workers, a wheel, weights that can be read."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from doesnotexist.errors import InvalidParameter
from doesnotexist_chemicals import weights
from doesnotexist_chemicals.train import corpus, session
from doesnotexist_chemicals.train.command import molecules_command
from doesnotexist_chemicals.train.session import Plan, train


@pytest.fixture
def wheel(tmp_path: Path, molecules: list[str]) -> Path:
    path = tmp_path / "molsets.whl"
    with zipfile.ZipFile(path, "w") as archive:
        lines = "\n".join(["SMILES", *molecules, ""])
        archive.writestr(corpus.MEMBER.format(split="train"), gzip.compress(lines.encode()))
    return path


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "HELD_OUT", 5)


def test_two_workers_make_weights(wheel: Path, tmp_path: Path) -> None:
    heard: list[int] = []
    plan = Plan(tmp_path / "run", 0.05, wheel, workers=2, layers=1, width=64)
    train(plan, lambda progress, loss: heard.append(progress.step))

    content = (plan.out / "moses-gpt.safetensors").read_bytes()
    card = json.loads((plan.out / "card.json").read_text())
    model, vocabulary = weights.read(content)
    assert heard
    assert heard[-1] == card["steps"]
    assert card["held_out_molecules"] == 5
    assert card["bytes"] == len(content)
    assert model.config.vocabulary == len(vocabulary)


def test_a_run_goes_on_from_its_checkpoint(wheel: Path, tmp_path: Path) -> None:
    train(Plan(tmp_path / "run", 0.01, wheel, layers=1, width=64), lambda progress, loss: None)
    steps: list[int] = []
    longer = Plan(tmp_path / "run", 0.02, wheel, layers=1, width=64, resume=True)
    train(longer, lambda progress, loss: steps.append(progress.step))

    assert steps[0] > 1


def test_the_command_names_what_is_wrong(wheel: Path, tmp_path: Path) -> None:
    run = CliRunner()
    odd = run.invoke(
        molecules_command, ["--out", str(tmp_path / "a"), "--data", str(wheel), "--width", "100"]
    )
    none = run.invoke(molecules_command, ["--out", str(tmp_path / "b"), "--data", str(wheel), "--resume"])

    assert isinstance(odd.exception, InvalidParameter)
    assert "multiple of 64" in str(odd.exception)
    assert isinstance(none.exception, InvalidParameter)
    assert "checkpoint" in str(none.exception)


def test_the_command_trains(wheel: Path, tmp_path: Path) -> None:
    arguments = ["--out", str(tmp_path / "run"), "--data", str(wheel), "--minutes", "0.005"]
    result = CliRunner().invoke(molecules_command, [*arguments, "--layers", "1", "--width", "64"])

    assert result.exit_code == 0, result.output
    assert result.output.strip().endswith("moses-gpt.safetensors")
