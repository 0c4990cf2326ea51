"""`doesnotexist bench [MODEL]`: pictures per second, milliseconds for one, load time, peak memory.

The measuring is done by a child process that does nothing else, so that neither this command's memory nor its
threads are in the figures. Nothing heavy is imported until the command runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doesnotexist.errors import EngineError, InvalidParameter, WeightsMissing

if TYPE_CHECKING:
    from doesnotexist.zoo import Zoo

_RESOLUTIONS = [str(1 << level) for level in range(3, 12)]
_SIZE_OF_UNTRAINED = 256


@click.command("bench")
@click.argument("model", required=False)
@click.option(
    "--resolution",
    type=click.Choice(_RESOLUTIONS),
    help="An untrained network of this side, of config-f's widths, in place of a model.",
)
@click.option(
    "--kernels", type=click.Choice(["auto", "plain", "fast", "bf16", "cuda"]), default="auto",
    show_default=True, help="What computes the pictures.",
)  # fmt: skip
@click.option("--device", default="cpu", show_default=True, help="Where: cpu, cuda, cuda:1, mps or auto.")
@click.option("--pictures", type=click.IntRange(1, 10_000), default=10, show_default=True, help="How many.")
@click.option("--threads", type=click.IntRange(1, 1024), help="As many as PyTorch chooses if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def bench_command(
    context: click.Context,
    model: str | None,
    resolution: str | None,
    kernels: str,
    device: str,
    pictures: int,
    threads: int | None,
    as_json: bool,
) -> None:
    """Measure a StyleGAN2 model on this machine.

    MODEL is a model's id or a weight file; without one, a model that is here, or else an untrained network,
    which takes the same time as a trained one.
    """
    if model is not None and resolution is not None:
        raise InvalidParameter("resolution", "no resolution beside a model", resolution)
    wanted = {"kernels": kernels, "device": device, "pictures": pictures, "threads": threads}
    with tempfile.TemporaryDirectory() as room:
        name, file = _subject(context, model, resolution, Path(room))
        figures = {"model": name, **_measured({"file": str(file), **wanted})}
    click.echo(json.dumps(figures, indent=2) if as_json else _sheet(figures))


def _subject(
    context: click.Context, model: str | None, resolution: str | None, room: Path
) -> tuple[str, Path]:
    """What to measure: its name and its weight file."""
    if model is not None and Path(model).is_file():
        return Path(model).name, Path(model)
    if resolution is None:
        found = _in_zoo(_zoo(context), model)
        if found is not None:
            return found
    side = int(resolution or _SIZE_OF_UNTRAINED)
    return f"untrained {side}x{side}", _untrained(side, room / "untrained.safetensors")


def _in_zoo(zoo: Zoo, model: str | None) -> tuple[str, Path] | None:
    """The model of that id, or the first StyleGAN2 that is here; raises UnknownModel, WeightsMissing."""
    cards = zoo.registry.cards() if model is None else [zoo.registry.card(model)]
    for card in cards:
        place = zoo.store.find(card.files[0]) if card.architecture.startswith("stylegan2") else None
        if place is not None:
            return card.id, place
        if model is not None:
            advice = f"`doesnotexist download {model}` fetches them, if it is a StyleGAN2"
            raise WeightsMissing(model, card.files[0].name, advice)
    return None


def _zoo(context: click.Context) -> Zoo:
    from doesnotexist.zoo import Zoo

    zoo = getattr(context.obj, "zoo", None)
    return zoo if isinstance(zoo, Zoo) else Zoo()


def _untrained(resolution: int, path: Path) -> Path:
    import torch

    from ..architecture import Architecture
    from ..network import Network
    from ..weights import write_network

    torch.manual_seed(0)
    write_network(Network(Architecture(resolution=resolution)), path)
    return path


def _measured(request: dict[str, object]) -> dict[str, Any]:
    """The child's figures; raises EngineError with what it said if it fails."""
    command = [sys.executable, "-m", f"{__package__}.measuring", json.dumps(request)]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - ourselves
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise EngineError(f"measuring failed: {last[0]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _sheet(figures: dict[str, Any]) -> str:
    memory = figures["peak_bytes"]
    rows = {
        "model": figures["model"],
        "side": f"{figures['resolution']} px",
        "kernels": f"{figures['kernels']} (asked for: {figures['kernels_asked']}), on {figures['device']}",
        "pictures per second": f"{figures['pictures_per_second']:.2f}",
        "one picture": f"{figures['picture_ms']:.0f} ms (fastest {figures['fastest_ms']:.0f})",
        "first picture": f"{figures['first_ms']:.0f} ms",
        "load": f"{figures['load_s']:.2f} s",
        "peak memory": "unknown" if memory is None else f"{memory / 1e9:.2f} GB",
        "machine": f"{figures['processor']}, {figures['threads']} threads",
        "load average": f"{figures['load_average']:.1f}",
        "date": figures["date"],
    }
    wide = max(map(len, rows))
    return "\n".join(f"{name:<{wide}}  {value}" for name, value in rows.items())
