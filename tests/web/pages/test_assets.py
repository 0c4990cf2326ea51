"""The files of the pages, kept by browsers until one of them changes."""

from __future__ import annotations

import re

import pytest

from doesnotexist_web.pages.assets import FOLDER, fingerprint


def test_any_byte_and_any_name_makes_another_fingerprint(tmp_path):
    (tmp_path / "a.css").write_text("a { color: red }")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "b.js").write_text("1")
    before = fingerprint(tmp_path)

    assert re.fullmatch("[0-9a-f]{12}", before)
    assert fingerprint(tmp_path) == before
    (tmp_path / "deeper" / "b.js").write_text("2")
    assert fingerprint(tmp_path) != before
    (tmp_path / "deeper" / "b.js").write_text("1")
    (tmp_path / "a.css").rename(tmp_path / "c.css")
    assert fingerprint(tmp_path) != before


def test_a_page_names_files_that_may_be_kept_for_ever(ask):
    page = ask("blots.zoo.test", "/?seed=7", accept="text/html").text
    files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))

    assert {"base.css", "page.js", "icon.svg"} <= {path.rpartition("/")[2] for path in files}
    for path in files:
        answer = ask("blots.zoo.test", path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000"


def test_a_module_imports_only_what_is_beside_it():
    for script in FOLDER.glob("*.js"):
        imported = re.findall(r'^import .* from "([^"]+)";$', script.read_text(), re.MULTILINE)
        assert all((FOLDER / path).is_file() for path in imported), script.name


@pytest.mark.parametrize("suffix", ["css", "js"])
def test_nothing_is_asked_of_others(suffix):
    for file in FOLDER.glob(f"*.{suffix}"):
        assert not re.findall(r"https?://(?!www\.w3\.org/)", file.read_text()), file.name
