"""Raw draws have a way on the command line, and none through a recipe."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from doesnotexist.cli import cli
from doesnotexist_chemicals.params import ChemicalParams
from doesnotexist_chemicals.sampling import MoleculeSampler


def run(*options: str) -> Result:
    return CliRunner().invoke(cli, ["generate", "chemicals", "--raw", *options])


def test_every_seed_has_its_line(bundled: bytes, sampler: MoleculeSampler, tmp_path: Path) -> None:
    out = tmp_path / "raw.smi"
    result = run("--seed", "5", "--count", "40", "--format", "smi", "--out", str(out))

    assert result.exit_code == 0, result.output
    raw = MoleculeSampler(sampler.network, sampler.vocabulary, masked=False)
    assert out.read_text().splitlines() == list(raw.raw(range(5, 45), ChemicalParams().temperature))


@pytest.mark.parametrize("options", [("--format", "svg"), ("--relative", "2"), ("--toward", "3")])
def test_nothing_is_raw_but_the_first_draw(bundled: bytes, options: tuple[str, ...], tmp_path: Path) -> None:
    options = options if "--format" in options else ("--format", "smi", *options)
    result = run("--seed", "1", "--out", str(tmp_path / "x"), *options)

    assert result.exception is not None
    assert "beside --raw" in str(result.exception)


def test_it_is_no_parameter() -> None:
    """So it is in no recipe, and the site, which makes recipes, has no way to it."""
    assert "raw" not in ChemicalParams.model_fields
