"""What the package adds to the command line."""

from __future__ import annotations

import click

from doesnotexist_stylegan2 import plugin
from doesnotexist_stylegan2.train.command import stylegan2_command


def test_the_trainer_is_a_command_of_train():
    cli = click.Group()

    plugin.register_commands(cli)

    assert cli.commands["train"].commands["stylegan2"] is stylegan2_command


def test_a_group_that_another_plugin_made_is_shared():
    other = click.Command("molecules")
    cli = click.Group(commands={"train": click.Group("train", commands={"molecules": other})})

    plugin.register_commands(cli)

    assert set(cli.commands["train"].commands) == {"molecules", "stylegan2"}
