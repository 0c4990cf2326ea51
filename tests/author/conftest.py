import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run(tmp_path):
    """Run the real command in its own process, in an empty folder."""

    def told(*arguments, cwd=tmp_path, **environment):
        import os

        command = [sys.executable, "-m", "doesnotexist", *map(str, arguments)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=cwd,
            check=False,
            env={**os.environ, "DOESNOTEXIST_STORE": str(tmp_path / "store"), **environment},
        )

    return told


@pytest.fixture
def generated(tmp_path):
    """Make a plugin package in a fresh folder; gives the folder."""
    from doesnotexist.author.scaffold import Names, create

    def make(name, kind="pixels", weights=None) -> Path:
        return create(Names.of(name), kind, tmp_path / f"doesnotexist-{name}", weights)

    return make
