import json
import subprocess
import sys
import tomllib

import numpy as np
import pytest

from doesnotexist.author.scaffold import KINDS, Names, create
from doesnotexist.author.starters import starter
from doesnotexist.errors import InvalidParameter
from doesnotexist.registry import read_registry
from doesnotexist.testing import fake_weights


@pytest.mark.parametrize(
    ("name", "noun", "title", "package", "kind"),
    [
        ("dogs", "dog", "This Dog Does Not Exist", "doesnotexist_dogs", "Dogs"),
        ("doesnotexist-dogs", "dog", "This Dog Does Not Exist", "doesnotexist_dogs", "Dogs"),
        ("tall-ships", "tall ship", "This Tall Ship Does Not Exist", "doesnotexist_tall_ships", "TallShips"),
        ("foxes", "fox", "This Fox Does Not Exist", "doesnotexist_foxes", "Foxes"),
        ("grass", "grass", "This Grass Does Not Exist", "doesnotexist_grass", "Grass"),
        ("3d-cups", "3d cup", "This 3D Cup Does Not Exist", "doesnotexist_3d_cups", "The3dCups"),
    ],
)  # fmt: skip
def test_one_name_gives_all(name, noun, title, package, kind):
    names = Names.of(name)
    assert (names.noun, names.title, names.package, names.kind) == (noun, title, package, kind)


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("Dogs", None),
        ("dogs!", None),
        ("../dogs", None),
        ("-dogs", None),
        ("d" * 64, None),
        ("", None),
        ("faces", None),  # ours, and installed
        ("web", None),
        ("dogs", 'a"b'),
        ("dogs", "a\nb"),
        ("dogs", "$kind"),
        ("dogs", " "),
    ],
)
def test_what_no_package_can_be_called(name, noun):
    with pytest.raises(InvalidParameter):
        Names.of(name, noun)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_complete(generated, kind):
    folder = generated("night-skies", kind)
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    weights = {"doesnotexist_night_skies/weights/generator.safetensors"} if kind != "stylegan2" else set()
    assert found == weights | {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        ".gitignore",
        ".github/workflows/test.yml",
        "doesnotexist_night_skies/__init__.py",
        "doesnotexist_night_skies/registry.yaml",
        "tests/test_night_skies.py",
    }
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"doesnotexist": {"night-skies": "doesnotexist_night_skies"}}
    cards = read_registry(folder / "doesnotexist_night_skies" / "registry.yaml")
    assert [card.id for card in cards] == ([] if kind == "stylegan2" else ["night-skies/starter"])
    assert "${{ matrix.python }}" in (folder / ".github/workflows/test.yml").read_text()
    assert "\n$" not in (folder / "doesnotexist_night_skies" / "__init__.py").read_text()


def test_starters_are_the_same_everywhere():
    for kind in KINDS:
        assert starter(kind) == starter(kind)


@pytest.mark.parametrize("kind", [KINDS[1], *(pytest.param(k, marks=pytest.mark.slow) for k in KINDS)])
def test_a_generated_package_passes_its_own_tests(generated, kind):
    folder = generated("night-skies", kind)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "19 passed, 1 skipped" in done.stdout, "only the licence of a package needs it to be installed"


def test_weights_of_a_training_run_come_along(generated, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    metadata = {"format": "doesnotexist-stylegan2/1", "architecture": json.dumps({"resolution": 64})}
    weights = fake_weights(metadata, w=np.zeros(3, np.float32))
    (run / "generator.safetensors").write_bytes(weights)
    (run / "checkpoint.safetensors").write_bytes(b"not this one")
    folder = generated("dogs", "stylegan2", run)
    (card,) = read_registry(folder / "doesnotexist_dogs" / "registry.yaml")
    assert (card.resolution, card.architecture, card.size) == (64, "stylegan2", len(weights))
    assert (folder / "doesnotexist_dogs/weights/generator.safetensors").read_bytes() == weights
    assert "weights" not in (folder / "tests/test_dogs.py").read_text()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02}q\x00.", b"\xff" * 64])
def test_only_safetensors_come_along(tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(InvalidParameter, match="a safetensors file"):
        create(Names.of("dogs"), "stylegan2", tmp_path / "out", path)
    assert not (tmp_path / "out").exists()
    (tmp_path / "other.safetensors").write_bytes(content)
    with pytest.raises(InvalidParameter, match=r"generator\.safetensors"):
        create(Names.of("dogs"), "stylegan2", tmp_path / "out", tmp_path)


def test_nothing_is_overwritten(generated):
    generated("dogs")
    with pytest.raises(InvalidParameter, match="not there yet"):
        generated("dogs")


def test_new_says_what_to_do_next(run, tmp_path):
    done = run("new", "night-skies", "--kind", "custom", "--noun", "sky")
    assert done.returncode == 0, done.stderr
    assert "This Sky Does Not Exist" in done.stdout
    assert (tmp_path / "doesnotexist-night-skies" / "pyproject.toml").is_file()
    assert "doesnotexist install ./doesnotexist-night-skies\n" in done.stdout
    done = run("new", "owls", "--kind", "pixels", "--out", "made/owls")
    assert "doesnotexist check ./made/owls\n" in done.stdout
    done = run("new", "Faces")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
