"""uv in the place of pip, for real: an environment that has no pip, and no network."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


@pytest.fixture
def environment(tmp_path):
    """Run the zoo in a new environment in which ours can be seen, but for pip."""
    folder = tmp_path / "env"
    venv.create(folder, with_pip=False)
    python = next(p for p in (folder / "bin").iterdir() if p.stem == "python")
    show = "import sysconfig; print(sysconfig.get_path('purelib'))"
    theirs = Path(subprocess.check_output([python, "-c", show], text=True).strip())
    ours, beside = Path(sysconfig.get_path("purelib")), tmp_path / "beside"
    beside.mkdir()
    for one in ours.iterdir():
        if one.name == "pip" or one.name.startswith("pip-"):
            continue
        if one.name.endswith(".dist-info"):
            _stub(one, theirs / one.name)
        else:
            (beside / one.name).symlink_to(one)
    (theirs / "beside.pth").write_text(f"import site; site.addsitedir({str(beside)!r})\n")
    keep = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(UV).parent), os.environ["PATH"]]),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "DOESNOTEXIST_STORE": str(tmp_path / "store"),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
    }

    def zoo(*arguments, code=0):
        command = [python, "-m", "doesnotexist", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env=keep, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return zoo


def _stub(info, there):
    """A package as uv finds it, which looks at one environment alone: its name and its version."""
    there.mkdir()
    if (info / "entry_points.txt").exists():
        shutil.copy(info / "entry_points.txt", there)
    lines = (info / "METADATA").read_text().split("\n\n")[0].splitlines()
    kept = [line for line in lines if not line.startswith("Requires-Dist")]
    (there / "METADATA").write_text("\n".join(kept) + "\n")
    (there / "INSTALLER").write_text("pip\n")


def names(zoo):
    return {row["name"]: row["version"] for row in json.loads(zoo("plugins", "--json"))}


@pytest.mark.slow
@pytest.mark.skipif(UV is None or os.name == "nt", reason="uv is not installed: pip install uv")
def test_install_sync_and_uninstall_by_uv(environment, generated):
    before = names(environment)
    folder = generated("night-skies", "custom")
    told = environment("install", folder, "--offline", "--yes", "--no-check")
    assert "domains   night-skies" in told
    assert "installed doesnotexist-night-skies 0.1.0: night-skies" in told
    assert names(environment) == {**before, "night-skies": "0.1.0"}
    assert environment("sync", "--offline") == "every recorded plugin is here\n"

    source = folder / "doesnotexist_night_skies" / "__init__.py"
    good = source.read_text()
    source.write_text(good.replace("This Night Sky", "That Night Sky"))
    environment("install", folder, "--offline", "--yes", "--no-check")
    assert "That Night Sky" in environment("domains", "--json"), "the same version is put in again"
    source.write_text("1 / 0\n")
    assert "it was removed again" in environment("install", folder, "--offline", "--yes", code=3)
    assert "That Night Sky" in environment("domains", "--json"), "the version before is back"

    assert environment("uninstall", "night-skies", "--yes") == "removed doesnotexist-night-skies\n"
    assert names(environment) == before
