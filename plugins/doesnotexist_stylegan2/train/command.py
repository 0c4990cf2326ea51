"""`doesnotexist train stylegan2`: from a folder of pictures to a generator.

Nothing heavy is imported until the command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

_DEFAULT_MINUTES = 60.0


@click.command("stylegan2")
@click.option(
    "--data", required=True, type=click.Path(exists=True, path_type=Path), help="Folder or tar of pictures."
)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the run."
)
@click.option("--resolution", type=click.Choice(["32", "64", "128", "256"]), default="64", show_default=True)
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), help="Length of the run; 60 if nothing is said."
)
@click.option(
    "--kimg", type=click.FloatRange(min=0, min_open=True), help="Length of the run in thousands of images."
)
@click.option("--batch", type=click.IntRange(2, 1024), default=32, show_default=True, help="Pictures a step.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1 …")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes of one thread; one for each core if nothing is said.",
)
@click.option(
    "--discriminator",
    type=click.Choice(["projected", "stylegan2"]),
    default="projected",
    show_default=True,
    help="stylegan2 is the papers' own, for GPUs and long runs.",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the folder of the run.")
def stylegan2_command(
    data: Path,
    out: Path,
    resolution: str,
    minutes: float | None,
    kimg: float | None,
    batch: int,
    seed: int,
    device: str,
    workers: int | None,
    discriminator: Literal["projected", "stylegan2"],
    resume: bool,
) -> None:
    """Train a StyleGAN2 generator on pictures of one kind.

    Writes sheets of samples and figures while it runs, and keeps the best generator by its Fréchet distance
    as generator.safetensors. Ctrl-C stops it with a checkpoint, from which --resume goes on.
    """
    from .schedule import Budget
    from .session import Plan, Settings, best_size, train_to_file

    if minutes is None and kimg is None:
        minutes = _DEFAULT_MINUTES
    budget = Budget(minutes=minutes, images=None if kimg is None else round(1000 * kimg))
    workers = workers or best_size(device, batch)
    settings = Settings(int(resolution), batch, seed, device, workers, discriminator)
    path = train_to_file(Plan(data, out, settings, budget, resume))
    click.echo(f"{path}")
