"""The pages, as a browser without scripts gets them."""

from __future__ import annotations

import html
import json
import re

import pytest

from doesnotexist_web.pages import views as pages
from doesnotexist_web.pages import voices

from ..conftest import Blots

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def attribute(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    assert found, f"{pattern} not in the page"
    return html.unescape(found[1])


@pytest.fixture
def browse(ask):
    def browse(host: str, path: str = "/") -> str:
        answer = ask(host, path, accept=BROWSER)
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        return answer.text

    return browse


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        (BROWSER, "text/html"),
        ("image/*", "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("image/png", "image/png"),
        ("application/json", "application/json"),
    ],
)
def test_the_front_is_what_the_client_would_rather_have(ask, accept, mimetype):
    answer = ask("blots.zoo.test", "/", accept=accept)

    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert "Accept" in answer.vary


def test_the_front_of_a_drawing(ask):
    assert ask("polygons.zoo.test", "/", accept="image/*").mimetype == "image/svg+xml"
    assert ask("polygons.zoo.test", "/", accept="image/png").mimetype == "image/png"


def test_the_box_is_as_it_was(browse):
    text = browse("blots.zoo.test")

    assert "<title>This Ink Blot Does Not Exist</title>" in text
    for line in ("Imagined by", "Drawn by numpy (2026) - the tests", "Don’t panic.", "Learn how it works"):
        assert line in text
    for line in ("Code for training your own", ">Another<", ">Polygons<", ">Moods<"):
        assert line in text


def test_another_is_another(browse):
    first, second = browse("blots.zoo.test"), browse("blots.zoo.test")

    assert attribute(first, r'<img src="([^"]+)"') != attribute(second, r'<img src="([^"]+)"')


def test_the_address_of_a_page_shows_the_same_picture_again(browse, ask):
    page = browse("blots.zoo.test", "/?psi=-1")
    link = attribute(page, r'<link rel="canonical" href="([^"]+)"')
    picture = attribute(page, r'<img src="([^"]+)"')

    assert attribute(browse("blots.zoo.test", link), r'<img src="([^"]+)"') == picture
    assert ask("blots.zoo.test", picture).headers["Cache-Control"].endswith("immutable")


def test_a_short_link_will_do(browse):
    assert "seed=7&amp;" in attribute(browse("blots.zoo.test", "/?seed=7"), r"(<img [^>]+>)").replace(
        "&", "&amp;"
    )


def test_links_lead_to_the_other_sites_on_this_port(browse):
    text = browse("blots.localhost:8000")

    assert 'href="http://polygons.localhost:8000/"' in text


def test_under_a_path_everything_stays_under_it(browse, ask):
    text = browse("127.0.0.1:8000", "/d/blots/")

    assert 'href="http://127.0.0.1:8000/d/polygons/"' in text
    for path in re.findall(r'(?:href|src|action)="(/[^"]*)"', text):
        assert path.startswith("/d/blots/")
        assert ask("127.0.0.1:8000", html.unescape(path), accept="*/*").status_code == 200


def test_every_parameter_has_a_control(browse):
    text = browse("blots.zoo.test", "/?psi=1.5")

    assert 'type="range" name="psi" value="1.5" min="-2" max="2"' in text
    assert all(f'name="{name}"' in text for name in ("spots", "ground", "round", "seed", "model"))


def test_what_was_changed_is_kept_for_another(browse):
    text = browse("blots.zoo.test", "/?psi=1.5&spots=5")

    assert attribute(text, r'id="another"[^>]+href="([^"]+)"') == "/?psi=1.5"


def test_a_small_picture_is_shown_as_what_it_is(browse):
    text = browse("blots.zoo.test")

    assert "64 × 64 pixels" in text
    assert "format=png" in attribute(text, r'<img src="([^"]+)"')


def test_a_drawing_has_its_facts_beside_it(browse):
    text = browse("polygons.zoo.test", "/?seed=6")

    assert "irregular 9-gon" in text
    assert re.search(r"<dt>corners</dt>\s*<dd>9</dd>", text)
    assert re.search(r"<dt>convex</dt>\s*<dd>yes</dd>", text)


def test_the_picture_can_be_told_to_those_who_do_not_see_it(browse):
    text = browse("blots.zoo.test", "/?seed=7")

    assert attribute(text, r'<img [^>]*alt="([^"]+)"') == "An ink blot that does not exist, seed 7"


@pytest.mark.parametrize("host", ["blots.zoo.test", "polygons.zoo.test", "zoo.test"])
def test_pages_ask_nothing_of_others_and_run_nothing_inline(browse, host):
    text = browse(host)

    assert not re.findall(r'(?:src|href)="(?!/|http://[a-z.]*zoo\.test/|#)[^"]*"', text)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! type=\"module\" src=)", text)


def test_the_index_shows_one_of_each(browse, ask):
    text = browse("zoo.test")
    pictures = [html.unescape(path) for path in re.findall(r'<img src="([^"]+)"', text)]

    assert len(pictures) == 3
    assert all(ask("zoo.test", path).status_code == 200 for path in pictures)
    assert 'href="http://blots.zoo.test/?model=blots/tiny@' in text
    assert browse("zoo.test") != text


def test_the_index_for_programs(ask):
    found = json.loads(ask("zoo.test", "/", accept="application/json").data)
    lines = ask("zoo.test", "/", accept="*/*").text

    assert found["blots"] == "http://blots.zoo.test/"
    assert "This Mood Does Not Exist: http://moods.zoo.test/" in lines


def test_how_it_works_says_what_the_card_says(browse):
    text = browse("blots.zoo.test", "/about")

    for fact in ("A network for tests", "knows nothing", "CC0-1.0", "no data", "drawn-by-hand"):
        assert fact in text


def test_a_page_for_ever_is_asked_again_and_a_random_one_not_stored(ask):
    random = ask("blots.zoo.test", "/", accept=BROWSER)
    link = attribute(random.text, r'<link rel="canonical" href="([^"]+)"')

    assert random.headers["Cache-Control"] == "no-store"
    assert ask("blots.zoo.test", link, accept=BROWSER).headers["Cache-Control"] == "no-cache"


def test_how_it_works_is_told_with_the_one_that_was_looked_at(browse):
    page = browse("blots.zoo.test", "/?seed=7&psi=-1")
    about = attribute(page, r'<a href="([^"]+)">Learn how it works')

    assert {"seed=7", "psi=-1.0"} <= set(about.partition("?")[2].split("&"))
    assert "seed 7" in browse("blots.zoo.test", about)


def test_the_numbers_behind_a_seed_are_shown_where_they_are_told(browse, monkeypatch):
    monkeypatch.setattr(Blots, "numbers", lambda self, seed: (seed / 10, -1.0))
    monkeypatch.setattr(Blots, "imagined_by", "")
    monkeypatch.setattr(voices, "_GANS", ("drawn",))

    text = browse("blots.zoo.test", "/about?seed=7")

    assert "The 2 numbers of seed 7" in text
    assert '<path d="M1 0v-7M3 0v10"/>' in text


def test_play_is_a_page(browse):
    text = browse("blots.zoo.test", "/play?seed=7")

    assert "ψ −1" in text
    assert "uncurated" in text


def test_a_link_is_shown_with_its_own_picture(browse, ask):
    text = browse("blots.zoo.test", "/?seed=7")
    image = attribute(text, r'property="og:image" content="([^"]+)"')

    assert image.startswith("http://blots.zoo.test/generate/blots?")
    assert "seed=7" in image
    assert ask("blots.zoo.test", image.removeprefix("http://blots.zoo.test")).mimetype == "image/png"


@pytest.mark.parametrize(
    ("host", "name"), [("blots.zoo.test", "This Ink Blot Does Not Exist"), ("zoo.test", pages.ALL)]
)
def test_the_site_can_be_kept_like_an_app(browse, ask, host, name):
    address = attribute(browse(host), r'<link rel="manifest" href="([^"]+)"')
    answer = ask(host, address)
    manifest = json.loads(answer.data)

    assert answer.mimetype == "application/manifest+json"
    assert (manifest["name"], manifest["start_url"], manifest["display"]) == (name, "/", "standalone")
    for icon in manifest["icons"]:
        assert ask(host, icon["src"]).mimetype == icon["type"]


def test_domains_stand_in_the_order_of_the_registry(browse):
    text = browse("zoo.test")  # the registry of the tests: blots, polygons, moods

    assert re.findall(r'class="title">This (.+?) Does', text) == ["Ink Blot", "Polygon", "Mood"]


def test_how_it_works_can_be_read_where_the_model_is_not(ask, settings):
    for file in settings.store.rglob("*"):
        if file.is_file():
            file.unlink()

    about = ask("blots.zoo.test", "/about?seed=7", accept="text/html")
    assert about.status_code == 200
    assert "<img" not in about.text
    assert ask("blots.zoo.test", "/play?seed=7", accept="text/html").status_code == 503
