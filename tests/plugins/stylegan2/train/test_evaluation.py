"""What is said of a finished generator, and the sheets that go with it."""

from __future__ import annotations

import json

from PIL import Image

from doesnotexist_stylegan2.generator import StyleGAN2
from doesnotexist_stylegan2.train.evaluation import evaluate


def test_figures_and_sheets(network, reals, tmp_path):
    figures = evaluate(StyleGAN2(network(use_noise=False)), reals, tmp_path / "new", samples=20)

    files = {path.name for path in (tmp_path / "new").iterdir()}
    assert files == {"evaluation.json", "seeds-psi1.0.webp", "seeds-psi0.7.webp", "memory.webp"}
    written = json.loads((tmp_path / "new" / "evaluation.json").read_text())
    assert written["floor"]["frechet"] == figures["floor"]["frechet"] > 0
    assert written["psi 1.0"]["variety"] != written["psi 0.7"]["variety"]
    assert written["memory"]["pixels"]["median"] > 0.1
    with Image.open(tmp_path / "new" / "memory.webp") as sheet:
        assert sheet.size == (10 * 32, 3 * 32)
