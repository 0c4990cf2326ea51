"""`doesnotexist convert`: somebody's checkpoint into a safetensors file of ours."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click


@click.command("convert")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT.safetensors", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="A lucidrains configuration [beside IN: NAME.config.json or .config.json].",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was converted as JSON.")
def convert_command(source: Path, target: Path, force: bool, config: Path | None, as_json: bool) -> None:
    """Convert somebody's checkpoint to safetensors without running any of it.

    IN is one of NVIDIA's pickles (TensorFlow or PyTorch), a .pt file of rosinality or lucidrains, or a .dat
    file of BIMODAL. It is read in a confined process by a reader that can call nothing; embedded source is
    dropped unread.
    """
    from .jail import convert_file

    report = convert_file(source, target, force=force, config=config)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
    else:
        click.echo(
            f"{report.target}: {report.source_format}, {report.tensors} tensors, "
            f"{report.parameters / 1e6:.1f} M numbers, from sha256 {report.source_sha256[:12]}"
        )
        for name, fact in report.facts.items():  # what was not there and had to be made
            if isinstance(fact, str):
                click.echo(f"  {name}: {fact}")
