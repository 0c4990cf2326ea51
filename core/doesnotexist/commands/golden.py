"""`doesnotexist golden`: whether the models here still make what their cards say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import DoesNotExistError, WeightsMissing
from ..tables import print_json, print_table

if TYPE_CHECKING:
    from ..cards import ModelCard
    from ..golden import Made
    from ..session import Session
    from ..zoo import Zoo


@click.command("golden", short_help="Do the models here make what their cards say?")
@click.argument("models", nargs=-1, metavar="[MODEL…]")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Another seed than the card's.")
@click.option(
    "--write",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="REGISTRY.YAML",
    help="Put what is made into the rows of this registry file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def golden_command(
    session: Session, models: tuple[str, ...], seed: int | None, write: Path | None, as_json: bool
) -> None:
    """Make the golden sample of each MODEL and compare it with its card.

    Without MODEL: of all that are here. A sample is the same to the bit, or alike, as on another
    machine that rounds otherwise; any other is a fault.
    """
    from ..golden import make

    cards = [session.zoo.card(id.partition("/")[0], id) for id in models] or list(_here(session.zoo))
    absent = next((c for c in cards if session.zoo.store.status(c) == "remote"), None)
    if absent:
        raise WeightsMissing(absent.id, absent.files[0].name, f"doesnotexist pull {absent.id}")
    made = [make(session.zoo, card, seed) for card in cards]
    _show(made, as_json)
    if write:
        _write(write, made)
    elif wrong := [one.model for one in made if one.verdict == "other"]:
        raise DoesNotExistError(
            f"other than their cards say: {', '.join(wrong)}; do not trust what they make"
        )


def _here(zoo: Zoo) -> Iterator[ModelCard]:
    """The models that can run now."""
    for listing in zoo.models():
        if listing.status != "remote" and listing.card.domain in zoo.plugins.generators:
            yield listing.card


def _show(made: Sequence[Made], as_json: bool) -> None:
    if as_json:
        rows = [{"verdict": m.verdict, "model": m.model, **m.golden.model_dump()} for m in made]
        print_json(rows)
    else:
        table = [(m.model, str(m.golden.seed), m.golden.sha256[:12], m.verdict) for m in made]
        print_table(("model", "seed", "sha256", "verdict"), table, right=(1,))


def _write(path: Path, made: Sequence[Made]) -> None:
    from ..golden_rows import write_golden

    done = write_golden(path, {one.model: one.golden for one in made})
    click.echo(f"{path}: {', '.join(done) or 'has none of these models'}", err=True)
