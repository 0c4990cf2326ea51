"""`doesnotexist train molecules-raw`: draws as they come, for benchmarks.

Nothing is masked, refused or redrawn, so this is a file to score and not one to show: the site and
`doesnotexist generate` have no way to it.
"""

from __future__ import annotations

from pathlib import Path

import click


@click.command("molecules-raw")
@click.argument("weights", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="One SMILES a line."
)
@click.option("--count", type=click.IntRange(min=1), default=30_000, show_default=True)
@click.option("--first-seed", type=click.IntRange(min=0), default=0, show_default=True)
def molecules_raw_command(weights: Path, out: Path, count: int, first_seed: int) -> None:
    """Write raw draws of WEIGHTS, one seed a line, a blank line for one that never ended."""
    from rich.console import Console
    from rich.progress import track

    from ..sampling import MoleculeSampler
    from ..weights import read

    sampler = MoleculeSampler(*read(weights.read_bytes(), weights.name), masked=False)
    console = Console(stderr=True)
    with out.open("w", encoding="ascii") as file:
        draws = sampler.raw(range(first_seed, first_seed + count))
        quiet = not console.is_terminal
        for smiles in track(draws, "drawing", total=count, console=console, disable=quiet):
            file.write(f"{smiles}\n")
    click.echo(f"{out}")
