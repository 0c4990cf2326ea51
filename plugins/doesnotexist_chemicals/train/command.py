"""`doesnotexist train molecules`: from the MOSES molecules to the weights of the chemicals site.

Nothing heavy is imported until the command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from .trainer import Progress


@click.command("molecules")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the run."
)
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True, help="Length."
)
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A molsets 0.3.1 wheel; without it the installed distribution's files are read.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="One core each.")
@click.option("--layers", type=click.IntRange(1, 64), default=6, show_default=True)
@click.option(
    "--width", type=click.IntRange(64, 4096), default=192, show_default=True, help="A multiple of 64."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the folder of the run.")
@click.option("--compiled", is_flag=True, help="Fuse operators first; needs a C++ compiler, gains a quarter.")
def molecules_command(
    out: Path,
    minutes: float,
    data: Path | None,
    workers: int,
    layers: int,
    width: int,
    seed: int,
    resume: bool,
    compiled: bool,
) -> None:
    """Train the molecule model on the MOSES train split.

    Writes moses-gpt.safetensors and card.json at the end.
    """
    from doesnotexist.errors import InvalidParameter

    from .session import Plan, train

    if width % 64:
        raise InvalidParameter("width", "a multiple of 64", width)
    plan = Plan(out, minutes, data, workers, layers, width, seed, resume, compiled)
    if resume and not plan.checkpoint.is_file():
        raise InvalidParameter("resume", f"a checkpoint at {plan.checkpoint}", "none")
    with _bar() as bar:
        task = bar.add_task("reading the molecules", total=plan.minutes * 60)
        smooth = 0.0

        def report(progress: Progress, loss: float) -> None:
            nonlocal smooth
            smooth += (loss - smooth) * (0.02 if smooth else 1.0)
            held_out = f", held out {progress.losses[-1]:.2f} a molecule" if progress.losses else ""
            words = f"{progress.molecules:,} molecules, {smooth:.3f} nats a token{held_out}"
            bar.update(task, completed=progress.seconds, description=words)

        train(plan, report)
    click.echo(f"{plan.out / 'moses-gpt.safetensors'}")


def _bar() -> Bar:
    """A bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
