"""The screenshots of the docs, taken by the browser of the tests.

    SCREENSHOTS=docs/screenshots pytest -m slow tests/browser/test_screenshots.py

Without that folder nothing is written, and nothing is tested.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from .conftest import until

FOLDER = os.environ.get("SCREENSHOTS")
SIZES = {360: 740, 768: 1024, 1440: 900}  # CSS pixels
PLACES = {
    "index": ("", "/"),
    "faces": ("faces", "/?seed=42"),
    "cats": ("cats", "/?seed=4"),
    "horses": ("horses", "/?seed=21"),
    "art": ("art", "/?seed=7"),
    "chemicals": ("chemicals", "/?seed=7"),
    "morph": ("faces", "/?seed=42&toward=7&step=0.5"),
    "learn": ("faces", "/about?seed=42"),
    "play": ("cats", "/play?seed=4&toward=7"),
}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not FOLDER, reason="SCREENSHOTS names no folder")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", PLACES)
def test_take(visit, name, width, scheme):
    domain, path = PLACES[name]
    page = visit(domain, path, viewport={"width": width, "height": SIZES[width]}, color_scheme=scheme)
    until(page, "[...document.images].every((one) => one.complete || one.loading === 'lazy')")
    page.wait_for_timeout(300)
    png = page.screenshot(full_page=name == "index")

    assert FOLDER
    target = Path(FOLDER) / f"{name}-{width}-{scheme}.webp"
    Image.open(io.BytesIO(png)).convert("RGB").save(target, quality=82, method=6)
    assert target.stat().st_size < 100_000
