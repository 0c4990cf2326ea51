"""From a folder of pictures to a living subdomain: two minutes of training, killed on the way and resumed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

ASK = """
import json, sys
from doesnotexist import Zoo
from doesnotexist_web.app import create_app
with Zoo() as zoo:
    headers = {"Host": "discs.localhost", "Accept": "image/*"}
    answer = create_app(zoo).test_client().get("/image", headers=headers)
print(json.dumps([answer.status_code, answer.mimetype, len(answer.data)]))
"""
MINUTES = 2
"""Of training, the time before the kill included."""


@pytest.fixture
def pictures(tmp_path):
    """500 pictures of a coloured disc on a coloured ground."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.RandomState(0)
    for index in range(500):
        image = Image.new("RGB", (64, 64), tuple(random.randint(100, 256, 3)))
        x, y = random.randint(20, 44, 2)
        r = random.randint(8, 18)
        ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=tuple(random.randint(0, 156, 3)))
        image.save(folder / f"{index:03}.png")
    return folder


def images_seen(out):
    record = out / "record.jsonl"
    lines = record.read_text().splitlines() if record.exists() else []
    return [json.loads(line)["images"] for line in lines]


@pytest.mark.slow
def test_two_minutes_of_training_killed_and_resumed_become_a_subdomain(pictures, environment, run, tmp_path):
    out = tmp_path / "run"
    words = ["train", "stylegan2", "--data", pictures, "--out", out, "--minutes", MINUTES]
    process = subprocess.Popen([sys.executable, "-m", "doesnotexist", *map(str, words)], cwd=tmp_path)
    while not (out / "run.safetensors").exists() and process.poll() is None:
        time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    before = images_seen(out)

    done = run(*words, "--resume")
    assert done.returncode == 0, done.stderr
    seen = images_seen(out)
    assert seen[: len(before)] == before
    assert seen[-1] > max(before, default=0)
    figures = json.loads((out / "figures.json").read_text())
    assert 0 < figures["images"] <= seen[-1]

    folder = tmp_path / "doesnotexist-discs"
    assert run("new", "discs", "--kind", "stylegan2", "--weights", out, "--out", folder).returncode == 0
    environment("-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation", folder)
    status, kind, size = json.loads(environment("-c", ASK))
    assert (status, kind) == (200, "image/jpeg")
    assert size > 500
