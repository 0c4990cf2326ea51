"""This Chemical Does Not Exist: the domain, and the command that trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from doesnotexist import Generator, hookimpl
from doesnotexist.errors import InvalidParameter
from doesnotexist.generator import Params, Sampler
from doesnotexist.recipe import MAX_SEED

if TYPE_CHECKING:
    import click
    import flask

    from doesnotexist.cards import ModelCard


class ChemicalParams(Params):
    """What can be asked of a molecule besides its seed."""

    temperature: float = Field(
        1.0, ge=0.5, le=1.5, description="1 draws as the model learned; lower is commoner, higher stranger"
    )
    relative: int | None = Field(
        None, ge=1, le=MAX_SEED, description="Number of a relative: the same scaffold, other side chains."
    )
    toward: int | None = Field(None, ge=0, le=MAX_SEED, description="Seed of a molecule to go towards.")
    step: float | None = Field(
        None, ge=0, le=1, description="How far to go: 0 not at all, 1 all the way; half if empty."
    )
    style: Literal["print"] | None = Field(
        None, description="How the SVG is drawn: in colour, or for print as in the journals of the ACS."
    )

    @model_validator(mode="after")
    def _in_company(self) -> ChemicalParams:
        if self.step is not None and self.toward is None:
            raise InvalidParameter("step", "toward=SEED beside it", self.step)
        return self


class Chemicals(Generator):
    """Molecules written by a SMILES language model, those that pass the doors of `chemistry`."""

    domain, noun, title = "chemicals", "chemical", "This Chemical Does Not Exist"
    params = ChemicalParams
    formats = ("svg", "png", "sdf", "mol", "smi")
    max_batch = 16  # of ways from nothing, the longest that can be asked for: seven seconds

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
