"""What a stranger gets: the wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), str(TOP)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.mark.slow
def test_only_our_names_are_installed(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {
        *(path.name for room in ("core", "plugins", "web") for path in (TOP / room).iterdir()),
        "doesnotexist-0.1.0.dist-info",
    } - {"__pycache__"}


@pytest.mark.slow
def test_the_registry_in_the_wheel_is_the_one_at_the_top(wheel):
    assert wheel.read("doesnotexist/registry.yaml") == (TOP / "registry.yaml").read_bytes()


@pytest.mark.slow
def test_every_bundled_weight_is_in_the_wheel(wheel):
    from doesnotexist.cards import Bundled
    from doesnotexist.registry import read_registry

    sizes = {info.filename: info.file_size for info in wheel.infolist()}
    bundled = [
        (f"{source.package}/{source.path}", file.size)
        for card in read_registry(TOP / "registry.yaml")
        for file in card.files
        for source in file.sources
        if isinstance(source, Bundled)
    ]
    assert bundled
    assert all(sizes[name] == size for name, size in bundled)
    assert wheel.testzip() is None
