"""What the package adds to the command line."""

from __future__ import annotations

import click

from doesnotexist_stylegan2 import plugin
from doesnotexist_stylegan2.train.command import stylegan2_command


def test_the_trainer_joins_the_other_trainers():
    other = click.Command("molecules")
    cli = click.Group(commands={"train": click.Group("train", commands={"molecules": other})})

    plugin.register_commands(cli)

    assert cli.commands["train"].commands == {"molecules": other, "stylegan2": stylegan2_command}
    assert {"convert", "bench", "evaluate"} <= cli.commands.keys()
