"""A stranger's plugin in a fresh environment beside ours, with no network; and the site as before."""

import json
import re
import subprocess
import sys

import pytest

ASK = """
import json, sys
from doesnotexist import Zoo
from doesnotexist_web.app import create_app
with Zoo() as zoo:
    client = create_app(zoo).test_client()
    found = {}
    for host, path, accept in json.loads(sys.argv[1]):
        answer = client.get(path, headers={"Host": host, "Accept": accept})
        found[host + path] = [answer.status_code, answer.mimetype, len(answer.data)]
print(json.dumps(found))
"""
NIGHT = [
    ("night-skies.localhost", "/", "text/html"),
    ("night-skies.localhost", "/image", "image/*"),
    ("localhost", "/generate/night-skies?seed=7&format=png", "*/*"),
    ("localhost", "/", "text/html"),
]


def zoo(environment, *command):
    return environment("-m", "doesnotexist", *command)


def everything(environment):
    return [zoo(environment, name, "--json") for name in ("plugins", "domains", "models")] + [
        zoo(environment, "--help")
    ]


@pytest.mark.slow
def test_a_wheel_comes_and_goes(environment, generated, tmp_path):
    before = everything(environment)
    folder = generated("night-skies", "pixels")
    build = [
        "pip",
        "wheel",
        "-q",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        str(folder),
    ]
    subprocess.run([sys.executable, "-m", *build], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    environment("-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel)

    states = {row["name"]: row for row in json.loads(zoo(environment, "plugins", "--json"))}
    assert states["night-skies"]["state"] == "ready"
    assert states["night-skies"]["distribution"] == "doesnotexist-night-skies"
    rows = json.loads(zoo(environment, "models", "--domain", "night-skies", "--json"))
    assert [(row["id"], row["status"]) for row in rows] == [("night-skies/starter", "bundled")]
    assert "--calm" in zoo(environment, "generate", "night-skies", "--help")
    zoo(environment, "generate", "night-skies", "--seed", "7", "--calm", "0.2", "--out", "sky.png")
    assert (tmp_path / "sky.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(environment("-c", ASK, json.dumps(NIGHT)))
    assert {path: answer[:2] for path, answer in found.items()} == {
        "night-skies.localhost/": [200, "text/html"],
        "night-skies.localhost/image": [200, "image/jpeg"],
        "localhost/generate/night-skies?seed=7&format=png": [200, "image/png"],
        "localhost/": [200, "text/html"],
    }
    assert '"verdict": "broken"' not in zoo(environment, "check", "night-skies", "--json")

    environment("-m", "pip", "uninstall", "-q", "-y", "doesnotexist-night-skies")
    assert everything(environment) == before


@pytest.mark.slow
def test_our_own_commands_do_the_same_and_sync_puts_it_back(environment, generated):
    before = everything(environment)
    folder = generated("night-skies", "custom")
    told = zoo(environment, "install", folder, "--offline", "--yes")
    assert "domains   night-skies" in told
    assert "licence: MIT" in told
    assert "installed doesnotexist-night-skies 0.1.0: night-skies" in told
    kept, tried = re.search(r"(\d+) of (\d+) promises kept, 0 not tried", told).groups()
    assert int(kept) == int(tried) >= 20
    with_it = everything(environment)
    assert with_it != before

    # an upgrade of the host has swept it away
    environment("-m", "pip", "uninstall", "-q", "-y", "doesnotexist-night-skies")
    assert everything(environment) == before
    assert zoo(environment, "sync", "--offline") == "installed doesnotexist-night-skies 0.1.0\n"
    assert everything(environment) == with_it
    assert zoo(environment, "sync", "--offline") == "every recorded plugin is here\n"

    source = folder / "doesnotexist_night_skies" / "__init__.py"
    text = source.read_text()
    source.write_text(text.replace("This Night Sky", "That Night Sky"))
    zoo(environment, "install", folder, "--offline", "--yes")
    assert "That Night Sky" in zoo(environment, "domains", "--json"), "the same version is put in again"
    source.write_text(text + "\n1 / 0\n")
    (folder / "pyproject.toml").write_text(
        (folder / "pyproject.toml").read_text().replace('"0.1.0"', '"0.2.0"')
    )
    told = environment("-m", "doesnotexist", "install", folder, "--offline", "--yes", ok=False)
    assert "ZeroDivisionError" in told
    assert "it was removed again" in told
    assert "That Night Sky" in zoo(environment, "domains", "--json"), "the version before is back"

    zoo(environment, "uninstall", "night-skies", "--yes")
    assert everything(environment) == before
    assert zoo(environment, "sync", "--offline") == "every recorded plugin is here\n"
