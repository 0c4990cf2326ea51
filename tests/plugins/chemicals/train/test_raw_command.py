"""Raw draws go to a file, one for each seed."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from doesnotexist_chemicals import weights
from doesnotexist_chemicals.model import MoleculeGPT
from doesnotexist_chemicals.tokens import Vocabulary
from doesnotexist_chemicals.train.raw_command import molecules_raw_command


def test_every_seed_has_its_line(tiny: MoleculeGPT, vocabulary: Vocabulary, tmp_path: Path) -> None:
    weights.write(tmp_path / "w.safetensors", tiny, vocabulary)

    def lines(*options: str) -> list[str]:
        out = tmp_path / "raw.smi"
        arguments = [str(tmp_path / "w.safetensors"), "--out", str(out), *options]
        result = CliRunner().invoke(molecules_raw_command, arguments)
        assert result.exit_code == 0, result.output
        return out.read_text().splitlines()

    assert len(lines("--count", "30")) == 30
    assert lines("--count", "30")[10:20] == lines("--count", "10", "--first-seed", "10")
