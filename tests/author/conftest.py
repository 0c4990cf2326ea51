import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest


@pytest.fixture
def run(tmp_path):
    """Run the real command in its own process, in an empty folder."""

    def told(*arguments, cwd=tmp_path, **environment):
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


@pytest.fixture
def wheel(tmp_path):
    """Write a wheel by hand: `files` are its contents besides the metadata."""
    import zipfile

    def make(
        name="doesnotexist-dogs", version="1.0", entries="[doesnotexist]\ndogs = doesnotexist_dogs\n", **files
    ):
        module = name.replace("-", "_")
        path = tmp_path / f"{module}-{version}-py3-none-any.whl"
        info = f"{module}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n"
        contents = {f"{info}/METADATA": metadata, f"{info}/entry_points.txt": entries}
        contents[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        contents[f"{info}/RECORD"] = ""
        contents |= {f"{module}/__init__.py": ""} | {
            key.replace("__in__", "/"): text for key, text in files.items()
        }
        with zipfile.ZipFile(path, "w") as archive:
            for file, text in contents.items():
                archive.writestr(file, text)
        return path

    return make


@pytest.fixture
def environment(tmp_path):
    """Run python in a new environment in which ours can be seen but not changed."""
    folder = tmp_path / "env"
    venv.create(folder, with_pip=False)
    bin = folder / ("Scripts" if os.name == "nt" else "bin")
    python = next(path for path in bin.iterdir() if path.stem == "python")
    purelib = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    ours = sysconfig.get_path("purelib")
    (Path(purelib.strip()) / "beside.pth").write_text(f"import site; site.addsitedir({ours!r})\n")

    def run(*arguments, ok=True):
        keep = {
            **os.environ,
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "DOESNOTEXIST_STORE": str(tmp_path / "store"),
        }
        done = subprocess.run(
            [python, *map(str, arguments)],
            cwd=tmp_path,
            env=keep,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not ok, done.stderr
        return done.stdout if ok else done.stderr

    assert run("-c", "import sys; print(sys.prefix)").strip() == str(folder)
    return run
