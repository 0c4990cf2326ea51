"""This Chemical Does Not Exist: the domain, and the command that trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from doesnotexist import Generator, hookimpl
from doesnotexist.generator import Params, Sampler
from doesnotexist.media import Sample

if TYPE_CHECKING:
    import click

    from doesnotexist.cards import ModelCard
    from doesnotexist.recipe import Recipe

    from .sampling import MoleculeSampler


class ChemicalParams(Params):
    """What can be asked of a molecule besides its seed."""

    temperature: float = Field(
        1.0, ge=0.5, le=1.5, description="1 draws as the model learned; lower is commoner, higher stranger"
    )


class Chemicals(Generator):
    """Molecules written by a SMILES language model, those that pass the doors of `chemistry`."""

    domain, noun, title = "chemicals", "chemical", "This Chemical Does Not Exist"
    params = ChemicalParams
    formats = ("svg", "png", "sdf", "mol", "smi")
    max_batch = 64

    def load(self, card: ModelCard, files: Mapping[str, bytes], device: str) -> Sampler:  # noqa: ARG002
        """The network of this card; it always runs on the CPU, where a molecule takes milliseconds."""
        from . import chemistry, weights
        from .sampling import MoleculeSampler

        sampler = MoleculeSampler(*weights.read(files["weights"], card.id))
        chemistry.warm_up()
        return Molecules(sampler)


class Molecules:
    """A loaded model: from recipes to molecules."""

    def __init__(self, sampler: MoleculeSampler) -> None:
        self.sampler = sampler

    def sample(self, recipes: Sequence[Recipe]) -> list[Sample]:
        """One molecule for each recipe, in order, none of them refused by `chemistry.verdict`."""
        from . import chemistry
        from .molecule import Molecule

        samples: dict[int, Sample] = {}
        for temperature in {float(recipe.params["temperature"]) for recipe in recipes}:
            chosen = [i for i, recipe in enumerate(recipes) if recipe.params["temperature"] == temperature]
            drafts = self.sampler.draw([recipes[i].seed for i in chosen], chemistry.verdict, temperature)
            for i, draft in zip(chosen, drafts, strict=True):
                samples[i] = Molecule(chemistry.canonical(draft.smiles), draft.attempts)
        return [samples[i] for i in range(len(recipes))]


@hookimpl
def register_generators(register: Callable[[Generator], None]) -> None:
    """Offer the domain `chemicals`."""
    register(Chemicals())


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the trainer to the group `train`, which is made if it is not there."""
    import click

    from .train.command import molecules_command
    from .train.raw_command import molecules_raw_command

    group = cli.commands.get("train")
    if not isinstance(group, click.Group):
        group = click.Group("train", help="Train a model of your own.")
        cli.add_command(group)
    group.add_command(molecules_command)
    group.add_command(molecules_raw_command)
