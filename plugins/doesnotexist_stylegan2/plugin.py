"""What this package adds: `convert`, `bench`, `evaluate`, `train stylegan2`, and readers of checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from doesnotexist import hookimpl
from doesnotexist.errors import WeightsInvalid

from .bench import bench_command
from .convert.command import convert_command
from .train.command import stylegan2_command
from .train.evaluate_command import evaluate_command

# Format in a registry -> how the reader's name for it begins. The registry says what a file must be;
# one that turns out to be something else is refused, though it could be read.
READABLE = {
    "nvidia-pytorch": "nvidia-torch",
    "nvidia-tensorflow": "nvidia-tf",
    "rosinality": "rosinality",
    "bimodal": "bimodal",
}


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the converter, the benchmark and the figures, and the trainer to the group `train`."""
    cli.add_command(convert_command)
    cli.add_command(bench_command)
    cli.add_command(evaluate_command)
    train = cli.commands["train"]
    if isinstance(train, click.Group):
        train.add_command(stylegan2_command)


@hookimpl
def register_findings(register: Callable[[str, bool, str, str], None]) -> None:
    """Tell the doctor what computes pictures on this machine."""
    from .kernels.diagnosis import diagnosis

    register("picture kernels", *diagnosis())


@hookimpl
def register_converters(register: Callable[[str, Callable[[Path, Path], object]], None]) -> None:
    """Offer the confined reader for every format that it knows."""
    for format in READABLE:
        register(format, _reader_of(format))


def _reader_of(format: str) -> Callable[[Path, Path], None]:
    def convert(source: Path, target: Path) -> None:
        from .convert.jail import convert_file

        found = convert_file(source, target).source_format
        if not found.startswith(READABLE[format]):
            target.unlink()
            raise WeightsInvalid(source.name, f"expected {format}, found {found}")

    return convert
