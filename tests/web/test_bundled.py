"""The five domains that ship with the zoo, from their real weights to the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from doesnotexist import Settings, Zoo
from doesnotexist_web.app import create_app


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Zoo, Flask]]:
    store: Path = tmp_path_factory.mktemp("store")
    with Zoo(Settings(store=store)) as zoo:
        yield zoo, create_app(zoo)


@pytest.mark.parametrize(
    ("domain", "kind", "start"),
    [
        ("faces", "image/jpeg", b"\xff\xd8\xff"),
        ("cats", "image/jpeg", b"\xff\xd8\xff"),
        ("horses", "image/jpeg", b"\xff\xd8\xff"),
        ("art", "image/jpeg", b"\xff\xd8\xff"),
        ("chemicals", "image/svg+xml", b"<"),
    ],
)
def test_a_bundled_domain(site: tuple[Zoo, Flask], domain: str, kind: str, start: bytes) -> None:
    zoo, app = site
    if domain not in zoo.plugins.generators:
        pytest.skip(f"{domain} is not installed")
    if not any(model.status == "bundled" for model in zoo.models(domain)):
        pytest.skip(f"no weights of {domain} ship with this checkout")
    host = {"HTTP_HOST": f"{domain}.localhost:8000"}
    client = app.test_client()

    media = client.get("/?seed=7", headers={"Accept": "image/*"}, environ_overrides=host)
    again = client.get("/image?seed=7", environ_overrides=host)
    page = client.get("/?seed=7", headers={"Accept": "text/html"}, environ_overrides=host)
    about = client.get("/about", headers={"Accept": "text/html"}, environ_overrides=host)

    assert (media.status_code, media.mimetype) == (200, kind)
    assert media.data.startswith(start)
    assert again.data == media.data
    assert zoo.generator(domain).title in page.text
    assert zoo.card(domain).licence.weights in about.get_data(as_text=True).replace("&#39;", "'")
