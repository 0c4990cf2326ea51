"""`doesnotexist inspect FILE`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from doesnotexist import Picture
from doesnotexist.commands.inspect import EXIT, inspect_command
from doesnotexist.errors import InvalidParameter
from doesnotexist.provenance import certificates
from doesnotexist.provenance.containers import into_png
from doesnotexist.provenance.credentials import installed
from doesnotexist.provenance.marks import xmp_of

from .inspecting import pixels, repainted


@pytest.fixture
def recipe(zoo):
    return zoo.recipe("stripes", seed=7)


def run(zoo, *arguments, **given):
    class Session:
        pass

    session = Session()
    session.zoo = zoo
    return CliRunner().invoke(inspect_command, [*arguments], obj=session, **given)


def test_the_command_ends_with_what_it_found(zoo, recipe, tmp_path):
    files = {"valid": zoo.render(recipe, "png").data, "unknown": b"something else"}
    files["broken"] = repainted(files["valid"], "png", lambda painted: painted.fill(9))
    for verdict, data in files.items():
        path = tmp_path / verdict
        path.write_bytes(data)

        result = run(zoo, str(path))

        assert result.exit_code == EXIT[verdict]
        assert result.output.splitlines()[0].endswith(f": {verdict}")


def test_what_is_no_certificate_is_not_trusted_in_silence(zoo, tmp_path):
    (tmp_path / "a").write_text("no certificate")

    assert isinstance(
        run(zoo, str(tmp_path / "a"), "--trust", str(tmp_path / "a")).exception, InvalidParameter
    )


def test_the_command_tells_programs(zoo, recipe):
    result = run(zoo, "-", "--json", input=zoo.render(recipe, "jpeg").data)

    report = json.loads(result.output)
    assert (report["verdict"], report["says"]["seed"]) == ("valid", "7")


def test_marks_of_strangers_are_no_markup_for_the_terminal(zoo, recipe, tmp_path):
    data = zoo.render(recipe, "png").data
    text = re.sub(
        'doesnotexist:generator="[^"]*"',
        'doesnotexist:generator="[red]x[/red]"',
        xmp_of(data, "png").decode(),
    )
    path = tmp_path / "a.png"
    path.write_bytes(into_png(Picture(pixels(data)).encode("png", None), text.encode()))

    assert "[red]x[/red]" in run(zoo, str(path)).output


def test_made_signed_changed_and_inspected_in_processes_of_their_own(tmp_path):
    environment = {name: text for name, text in os.environ.items() if not name.startswith("DOESNOTEXIST_")}
    if installed():
        certificates.make_credentials(tmp_path / "keys", "The tests")
        environment["DOESNOTEXIST_CREDENTIALS"] = str(tmp_path / "keys")

    def call(*arguments):
        command = [sys.executable, "-m", "doesnotexist", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)

    made = call("generate", "chemicals", "--seed", "7", "--format", "png", "--out", "a.png")
    assert made.returncode == 0, made.stderr
    assert call("inspect", "a.png").returncode == 0
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(repainted(data, "png", lambda painted: painted[0, :1].fill(0)))
    assert call("inspect", "b.png").returncode == 1
