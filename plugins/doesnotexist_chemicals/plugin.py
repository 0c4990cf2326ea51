"""This Chemical Does Not Exist: the domain, and the command that trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from doesnotexist import Generator, hookimpl
from doesnotexist.generator import Sampler

from .params import ChemicalParams

if TYPE_CHECKING:
    import click
    import flask

    from doesnotexist.cards import ModelCard


class Chemicals(Generator):
    """Molecules written by a SMILES language model, those that pass the doors of `chemistry`."""

    domain, noun, title = "chemicals", "chemical", "This Chemical Does Not Exist"
    params = ChemicalParams
    formats = ("svg", "png", "sdf", "mol", "smi")
    max_batch = 16  # of ways from nothing, the longest that can be asked for: seven seconds

    def prepare(self) -> None:
        """Import RDKit and the namer, and have them read their tables."""
        from . import libraries

        libraries.prepare()

    def load(self, card: ModelCard, files: Mapping[str, bytes], device: str) -> Sampler:  # noqa: ARG002
        """The network of this card; it always runs on the CPU, where a molecule takes milliseconds."""
        from . import novelty
        from .molecules import Molecules
        from .writers import writer_of

        shown = novelty.SHOWN if card.architecture == "gpt" else novelty.NOT_SHOWN
        return Molecules(writer_of(card, files["weights"]), shown)


@hookimpl
def register_generators(register: Callable[[Generator], None]) -> None:
    """Offer the domain `chemicals`."""
    register(Chemicals())


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the trainer to the group `train`, which is made if it is not there; `generate chemicals --raw`."""
    import click

    from doesnotexist.commands.generate import GenerateGroup

    from .raw import raw
    from .train.command import molecules_command

    group = cli.commands.get("train")
    if not isinstance(group, click.Group):
        group = click.Group("train", help="Train a model of your own.")
        cli.add_command(group)
    group.add_command(molecules_command)
    generate = cli.commands.get("generate")
    if isinstance(generate, GenerateGroup):
        about = "Each seed's first draw as it comes, unchecked; a blank line for none. To measure a model."
        generate.add_way("chemicals", "raw", about, raw)


@hookimpl
def register_routes(app: flask.Flask) -> None:
    """Add what the page of a molecule has besides: see `site`."""
    from .site import blueprint

    app.register_blueprint(blueprint())
