"""What stands beside a molecule on its page."""

from __future__ import annotations

import re
from importlib import resources

import flask

from doesnotexist_chemicals.plugin import register_routes

STATIC = resources.files("doesnotexist_chemicals.site") / "static"


def test_its_files_are_served_from_this_site() -> None:
    app = flask.Flask(__name__)
    register_routes(app)
    client = app.test_client()

    for name in ("3Dmol-2.5.5-min.js", "3Dmol-2.5.5-LICENSE.txt", "shape.js", "shape.css"):
        answer = client.get(f"/chemicals/{name}")
        assert answer.status_code == 200
        answer.close()


def test_nothing_is_fetched_from_elsewhere() -> None:
    """The viewer comes when it is asked for, and by the address that the page gives."""
    script = (STATIC / "shape.js").read_text("utf-8")
    template = (
        resources.files("doesnotexist_chemicals.site") / "templates/beside/chemicals.html"
    ).read_text()

    assert not re.search(r"https?://", script + template)
    assert "3Dmol" not in re.sub(r"//.*|\$3Dmol", "", script)
    assert "script" in template
    assert "min.js" not in re.sub(r"data-viewer=\S+ \S+ \S+", "", template)


def test_the_viewers_licence_is_with_it() -> None:
    assert "University of Pittsburgh" in (STATIC / "3Dmol-2.5.5-LICENSE.txt").read_text("utf-8")
