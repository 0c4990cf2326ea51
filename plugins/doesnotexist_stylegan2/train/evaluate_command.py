"""`doesnotexist evaluate`: the figures and sheets of a finished generator.

Nothing heavy is imported until the command runs.
"""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("evaluate")
@click.argument("weights", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="Folder or tar of the pictures that it learned from.",
)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the results."
)
@click.option("--samples", type=click.IntRange(64), default=5000, show_default=True)
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1 …")
def evaluate_command(weights: Path, data: Path, out: Path, samples: int, device: str) -> None:
    """Measure a StyleGAN2 generator against its training pictures.

    Writes evaluation.json (Fréchet and sliced Wasserstein distances beside their floor, variety), sheets of
    64 seeds at psi 1 and 0.7, and a sheet of samples with the training pictures nearest to them.
    """
    from ..generator import load_generator
    from .data import read_pictures
    from .evaluation import evaluate

    generator = load_generator(weights, device)
    figures = evaluate(generator, read_pictures(data, generator.resolution), out, samples)
    click.echo(json.dumps(figures, indent=2, ensure_ascii=False))
