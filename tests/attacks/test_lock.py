"""The lock: what a careful operator installs, every file of it named by its sha256."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

HOUSE = Path(__file__).parents[2]
ENTRY = re.compile(r"^([a-z0-9.-]+)==(\S+)((?:.*\\\n)*.*)", re.MULTILINE)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, tuple[str, str]]:
    text = (HOUSE / "requirements.lock").read_text("utf-8")
    return {name: (version, rest) for name, version, rest in ENTRY.findall(text)}


def test_every_package_is_named_by_version_and_sha256() -> None:
    text = (HOUSE / "requirements.lock").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert len(locked()) == len(lines) >= 30
    for name, (_, rest) in locked().items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", rest), name


def test_it_holds_what_the_house_needs_at_the_versions_that_were_tested() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {canonical(re.split(r"[<>=!~\[; ]", line)[0]) for line in project["dependencies"]}
    tested = dict(
        line.split("==") for line in (HOUSE / "constraints.txt").read_text("utf-8").split() if "==" in line
    )
    tested = {canonical(name): version for name, version in tested.items()}

    assert needed <= locked().keys()
    for name, (version, _) in locked().items():
        assert tested.get(name, version) == version, name
