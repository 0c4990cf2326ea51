"""The engine is compiled once, kept, checked, and done without where there is no compiler."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from doesnotexist_stylegan2.kernels import build
from doesnotexist_stylegan2.kernels.build import Unavailable, engine_in
from doesnotexist_stylegan2.kernels.fast import FastSynthesis
from doesnotexist_stylegan2.kernels.library import Library

from .networks import difference, small_network, some_ws

needs_compiler = pytest.mark.skipif(build.compiler() is None, reason="no C++ compiler")


@pytest.fixture(scope="module", autouse=True)
def quick_compiling() -> Iterator[None]:
    """What is tested here is who compiles, not how well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_FLAGS", ("-O0", "-std=c++17", "-fPIC", "-shared", "-pthread"))
        patch.setattr(build, "_FOR_THIS_MACHINE", ((),))
        yield


@pytest.fixture(scope="module")
def built(quick_compiling: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an engine of its own."""
    folder = tmp_path_factory.mktemp("built")
    assert isinstance(engine_in(folder), Library)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return Path(shutil.copytree(built, tmp_path / "kernels"))


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def library_file(folder: Path) -> Path:
    (file,) = folder.glob("engine-*.so")
    return file


@needs_compiler
def test_what_is_kept_is_not_compiled_again(folder: Path):
    before = library_file(folder).stat()

    assert isinstance(engine_in(folder), Library)
    assert library_file(folder).stat().st_mtime_ns == before.st_mtime_ns


@needs_compiler
def test_what_is_kept_serves_without_a_compiler(folder: Path, no_compiler: None):
    assert isinstance(engine_in(folder), Library)


@needs_compiler
@pytest.mark.parametrize("spoil", ["cut short", "rewritten", "no digest"])
def test_a_damaged_library_is_never_loaded(folder: Path, no_compiler: None, spoil: str):
    file = library_file(folder)
    if spoil == "cut short":
        file.write_bytes(file.read_bytes()[:1000])
    elif spoil == "rewritten":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    else:
        file.with_suffix(".sha256").unlink()

    assert isinstance(engine_in(folder), Unavailable)


@needs_compiler
def test_a_damaged_library_is_compiled_anew(folder: Path):
    file = library_file(folder)
    file.write_bytes(b"\x7fELF")

    assert isinstance(engine_in(folder), Library)
    assert len(file.read_bytes()) > 10_000


@needs_compiler
def test_two_processes_compile_once(tmp_path: Path):
    count = tmp_path / "count"
    compiler = script(tmp_path / "counting", f'[ "$1" = --version ] || echo x >> {count}\nexec c++ "$@"')
    program = (
        "import sys; from pathlib import Path; from doesnotexist_stylegan2.kernels import build\n"
        "build._FLAGS = ('-O0', *build._FLAGS[1:])\n"
        "build._FOR_THIS_MACHINE = ((),)\n"
        "sys.exit(not isinstance(build.engine_in(Path(sys.argv[1])), build.Library))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "kernels")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CXX", compiler)
        both = [subprocess.Popen(command) for _ in range(2)]

    assert [one.wait(timeout=300) for one in both] == [0, 0]
    assert count.read_text().split() == ["x"]


def test_no_compiler_is_no_failure(tmp_path: Path, no_compiler: None):
    assert engine_in(tmp_path / "kernels") == Unavailable("there is no C++ compiler")


def test_a_failing_compiler_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    compiler = script(tmp_path / "failing", "echo 'engine.cpp:1: error: out of ideas' >&2; exit 1")
    monkeypatch.setenv("CXX", compiler)
    found = engine_in(tmp_path / "kernels")

    assert isinstance(found, Unavailable)
    assert "out of ideas" in found.reason


def test_a_library_that_cannot_run_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    compiler = script(
        tmp_path / "careless", 'for out; do :; done; [ "$out" = --version ] || echo "no library" > "$out"'
    )
    monkeypatch.setenv("CXX", compiler)
    found = engine_in(tmp_path / "kernels")

    assert isinstance(found, Unavailable)
    assert "trial" in found.reason
    assert not list((tmp_path / "kernels").glob("engine-*"))


def test_code_is_not_loaded_from_a_folder_that_others_can_write_to(tmp_path: Path):
    tmp_path.chmod(0o777)
    found = engine_in(tmp_path)

    assert isinstance(found, Unavailable)
    assert "another user" in found.reason


def test_a_store_that_was_not_there_is_nobody_elses(tmp_path: Path, no_compiler: None):
    engine_in(tmp_path / "store" / "kernels")

    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "store", tmp_path / "store" / "kernels")] == [
        0o700,
        0o700,
    ]


def test_a_store_that_cannot_be_written_to_is_no_failure(tmp_path: Path):
    file = tmp_path / "a file"
    file.touch()

    assert isinstance(engine_in(file / "kernels"), Unavailable)


@needs_compiler
@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="options of x86 compilers")
@pytest.mark.parametrize("options", ["-march=haswell", "-march=x86-64"])
def test_machines_with_narrower_vectors_compute_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str
):
    monkeypatch.setattr(build, "_FLAGS", (*build._FLAGS, "-O2"))
    monkeypatch.setattr(build, "_FOR_THIS_MACHINE", ((options,),))
    library = engine_in(tmp_path)
    network = small_network(128)

    assert isinstance(library, Library)
    assert library.channel_multiple < 32
    ws = some_ws(network)
    assert difference(FastSynthesis(network, library)(ws), network.synthesis(ws)) < 5e-6
