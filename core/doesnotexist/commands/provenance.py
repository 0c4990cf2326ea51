"""`doesnotexist provenance`: certificates of one's own for Content Credentials."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import CredentialsInvalid
from ..settings import PREFIX


@click.group("provenance")
def provenance_group() -> None:
    """Content Credentials: make what signs them."""


@provenance_group.command("init")
@click.option("--name", default="A site of things that do not exist", show_default=True, help="Who signs.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to make.  [default: in your configuration]",
)
def init(name: str, out: Path | None) -> None:
    """Make a certificate authority and a certificate of it, with keys that only you can read.

    Files that are signed with it say that nobody knows you, until their reader trusts your ca.pem. For
    a certificate that others know, put its chain.pem, leaf first, and key.pem in a folder of your own.
    """
    from platformdirs import user_config_path

    from ..provenance.certificates import AUTHORITY, AUTHORITY_KEY, LEAF_DAYS, make_credentials
    from ..provenance.credentials import Signer, installed

    if not installed():
        raise CredentialsInvalid(
            "Content Credentials", "expected pip install 'doesnotexist[provenance]' first"
        )
    folder = (out or user_config_path("doesnotexist") / "credentials").absolute()
    make_credentials(folder, name)
    signer = Signer(folder)
    click.echo(f"{signer.name} can sign until {signer.expires}, {LEAF_DAYS} days from now. To do so:")
    click.echo(f"\n    export {PREFIX}CREDENTIALS={folder}\n")
    click.echo(f"Give {AUTHORITY} to whoever shall trust you. Keep {AUTHORITY_KEY} somewhere else: only")
    click.echo("the next certificate needs it.")
