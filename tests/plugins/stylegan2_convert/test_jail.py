"""The parent's side: files appear whole or not at all, errors have one line, the child can do no more."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest
from safetensors import safe_open

from doesnotexist import confinement
from doesnotexist.errors import ConversionRefused, InvalidParameter, WeightsError, WeightsInvalid
from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.convert import jail
from doesnotexist_stylegan2.convert.jail import convert_file

from .attacks import COMMAND, gallery
from .molecules import bimodal
from .networks import CONFIG, SMALL, lucidrains, nvidia_tf, nvidia_torch, random_tensors, rosinality

TENSORS = random_tensors(SMALL)
GALLERY = dict(gallery())

# One of each family; the others are read in this process (`test_attacks`), by the same reader.
CHOSEN = [
    "call-os.system-p0",
    "call-builtins.eval-p4",
    "call-copyreg._reconstructor-p2",
    "hidden-source-p2",
    "state-setstate-on-global",
    "opcode-inst",
    "opcode-ext1",
    "opcode-deep-tuples",
    "opcode-too-many-opcodes",
    "opcode-laughs",
    "nested-object",
    "tensor-stride-0",
    "tensor-lying-storage",
    "zip-bomb",
    "zip-call",
]


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "net.pt"
    path.write_bytes(rosinality(SMALL, TENSORS))
    return path


def test_the_same_checkpoint_gives_the_same_bytes(checkpoint, tmp_path):
    for name in ("one.safetensors", "two.safetensors"):
        convert_file(checkpoint, tmp_path / name)

    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()


def test_a_file_and_where_it_came_from(checkpoint, tmp_path):
    report = convert_file(checkpoint, tmp_path / "net.safetensors")

    with safe_open(tmp_path / "net.safetensors", "numpy") as opened:
        metadata = opened.metadata()
        assert all((opened.get_tensor(name) == TENSORS[name]).all() for name in opened.keys())  # noqa: SIM118
    assert Architecture.from_metadata(metadata) == SMALL
    assert (
        metadata["source_sha256"]
        == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
        == report.source_sha256
    )
    assert metadata["source_format"] == report.source_format == "rosinality-zip"
    assert metadata["converter"].startswith("doesnotexist-convert/")
    assert report.tensors == len(SMALL.shapes())
    assert {path.name for path in tmp_path.iterdir()} == {"net.pt", "net.safetensors"}


WRITERS = {
    "nvidia-torch": lambda: nvidia_torch(SMALL, TENSORS),
    "nvidia-tf-5": lambda: nvidia_tf(SMALL, TENSORS, version=5, protocol=2),
    "rosinality-zip": lambda: rosinality(SMALL, TENSORS, mean=False, noise=False),
    "rosinality-legacy": lambda: rosinality(SMALL, TENSORS, archive=False),
    "lucidrains-zip": lucidrains,
    "bimodal-legacy": bimodal,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_the_fences_leave_room_for_every_kind(kind, tmp_path):
    path = tmp_path / "net"
    path.write_bytes(WRITERS[kind]())
    assert convert_file(path, tmp_path / "net.safetensors").source_format == kind


def test_the_file_has_the_permissions_that_the_user_wants(checkpoint, tmp_path):
    old = os.umask(0o027)
    try:
        convert_file(checkpoint, tmp_path / "net.safetensors")
    finally:
        os.umask(old)
    assert (tmp_path / "net.safetensors").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", CHOSEN)
def test_attacks_leave_nothing(name, tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    path = tmp_path / "evil.pkl"
    path.write_bytes(GALLERY[name])

    with pytest.raises(WeightsError) as caught:
        convert_file(path, tmp_path / "work" / "out.safetensors")

    assert type(caught.value) in (ConversionRefused, WeightsInvalid)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).isprintable()
    assert caught.value.exit_code == 3
    assert list(Path.cwd().iterdir()) == []


def test_what_is_replaced_and_what_is_not(checkpoint, tmp_path):
    target = tmp_path / "net.safetensors"
    target.write_text("precious")
    with pytest.raises(InvalidParameter, match="--force"):
        convert_file(checkpoint, target)
    assert target.read_text() == "precious"

    checkpoint.write_bytes(b"\x80\x02cos\nsystem\n.")
    with pytest.raises(ConversionRefused):
        convert_file(checkpoint, target, force=True)
    assert target.read_text() == "precious"

    checkpoint.write_bytes(rosinality(SMALL, TENSORS))
    (tmp_path / "reader").hardlink_to(target)
    convert_file(checkpoint, target, force=True)
    assert target.stat().st_size > 1000
    assert (tmp_path / "reader").read_text() == "precious"  # whoever has the old file open keeps it whole


@pytest.mark.parametrize("name", ["out.pkl", "out", "nowhere/out.safetensors", "folder.safetensors"])
def test_targets_that_cannot_be(name, checkpoint, tmp_path):
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(InvalidParameter):
        convert_file(checkpoint, tmp_path / name, force=True)


def test_sources_that_are_no_files(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, reason in [
        ("empty", "bytes"),
        ("folder", "folder"),
        ("pipe", "device"),
        ("missing", "No such file"),
        ("empty/x", "Not a directory"),
    ]:
        with pytest.raises(WeightsInvalid, match=reason):
            convert_file(tmp_path / name, tmp_path / "out.safetensors")
    for folder in (Path(), Path("/")):
        with pytest.raises(WeightsInvalid, match="folder"):
            convert_file(folder, tmp_path / "out.safetensors")
    with pytest.raises(WeightsInvalid, match="device"):
        convert_file(Path("/dev/zero"), tmp_path / "out.safetensors")


def test_a_file_name_cannot_break_the_line(tmp_path):
    path = tmp_path / "a\nb\x1b[31m.pkl"
    path.write_bytes(b"\x80\x02cos\nsystem\n.")
    with pytest.raises(ConversionRefused) as caught:
        convert_file(path, tmp_path / "out.safetensors")
    assert str(caught.value).isprintable()


def test_cut_files(tmp_path):
    whole = nvidia_torch(SMALL, TENSORS)
    path = tmp_path / "cut.pkl"
    for part in (2, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:part])
        with pytest.raises(WeightsInvalid):
            convert_file(path, tmp_path / "out.safetensors")


def test_time_is_up(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(jail, "WALL_SECONDS", 0.05)
    with pytest.raises(WeightsError, match="not done within"):
        convert_file(checkpoint, tmp_path / "out.safetensors")
    assert list(tmp_path.iterdir()) == [checkpoint]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os.abort()", "stopped .Aborted"),
        ("import os; os.write(2, b'{}')", "None"),
        ("""import os; os.write(2, b'{"error": "SystemExit", "detail": "a\\\\nb"}')""", "a b"),
    ],
)
def test_the_parent_survives_a_child_that_breaks(code, reason, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(confinement, "_START", code)
    with pytest.raises(WeightsError, match=reason):
        convert_file(checkpoint, tmp_path / "out.safetensors")
    assert list(tmp_path.iterdir()) == [checkpoint]


def test_the_child_knows_nothing_of_the_shell(checkpoint, tmp_path, monkeypatch):
    """Neither its tokens nor its Python settings nor a module in the current folder."""
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("open('PWNED', 'w')")
    (tmp_path / "sitecustomize.py").write_text("open('PWNED', 'w')")
    assert "SECRET_TOKEN" not in confinement.environment()
    convert_file(checkpoint, tmp_path / "out.safetensors")
    assert not (tmp_path / "PWNED").exists()


def test_lucidrains_configuration_is_found(tmp_path):
    (tmp_path / "model_1.pt").write_bytes(lucidrains())
    (tmp_path / ".config.json").write_text(json.dumps(CONFIG))
    report = convert_file(tmp_path / "model_1.pt", tmp_path / "one.safetensors")
    assert report.format == "doesnotexist-lucidrains/1"
    assert report.architecture["network_capacity"] == 1

    (tmp_path / "model_1.config.json").write_text(json.dumps({**CONFIG, "network_capacity": 2}))
    own = convert_file(tmp_path / "model_1.pt", tmp_path / "own.safetensors")
    assert own.architecture["network_capacity"] == 2

    (tmp_path / "other.json").write_text(json.dumps({**CONFIG, "image_size": 64}))
    with pytest.raises(WeightsInvalid, match="64 px"):
        convert_file(tmp_path / "model_1.pt", tmp_path / "two.safetensors", config=tmp_path / "other.json")
    with pytest.raises(InvalidParameter, match="--config"):
        convert_file(tmp_path / "model_1.pt", tmp_path / "two.safetensors", config=tmp_path / "none.json")


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_the_child_says_how_it_was_kept_from_the_network(checkpoint, tmp_path):
    assert convert_file(checkpoint, tmp_path / "out.safetensors").network in ("none", "refused by hook")
    assert COMMAND  # the attacks' canary, which no test of this file has seen
