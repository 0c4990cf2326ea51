"""A sample as a page shows it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from doesnotexist import Media
from doesnotexist_web.pages.exhibits import Exhibit
from doesnotexist_web.series.boards import is_picture


@pytest.fixture
def exhibit(app, zoo):
    """Exhibits of a domain, as the site of blots shows them."""

    def exhibit(domain, media=None, **params):
        recipe = zoo.recipe(domain, 7, params=params)
        return Exhibit(zoo.generator(domain), zoo.card(domain), recipe, media)

    site = app.wsgi_app.hosts.resolve("blots.zoo.test")
    with app.test_request_context(environ_overrides={"doesnotexist.site": site}):
        yield exhibit


def test_a_small_picture_is_shown_without_loss(exhibit):
    assert exhibit("blots").small
    assert "format=png" in exhibit("blots").image
    assert "format" not in exhibit("blots").download


def test_a_large_picture_fills_the_window(exhibit):
    one = exhibit("blots")
    large = Exhibit(one.generator, one.card.model_copy(update={"resolution": 1024}), one.recipe)

    assert not large.small
    assert large.image == large.download


def test_a_link_comes_with_a_picture_of_decent_size(exhibit, ask):
    one = exhibit("blots")
    large = Exhibit(one.generator, one.card.model_copy(update={"resolution": 1024}), one.recipe)
    picture = Image.open(io.BytesIO(ask("blots.zoo.test", one.social).data))

    assert (picture.format, picture.size) == ("PNG", (1152, 1152))  # 18 times 64: each pixel a square
    assert len(picture.crop((18, 18, 36, 36)).getcolors()) == 1
    assert "format=png&size=1200" in exhibit("polygons").social
    assert large.social == large.download


def test_a_drawing_is_never_small(exhibit):
    assert not is_picture(exhibit("polygons").generator)
    assert not exhibit("polygons").small


def test_a_drawing_that_colours_itself_is_left_alone(exhibit):
    assert exhibit("polygons", Media(b"<svg/>", "svg", {})).inked
    assert not exhibit("polygons", Media(b"<style>@media (prefers-color-scheme: dark)", "svg", {})).inked
    assert not exhibit("blots").inked


def test_a_thumbnail_of_a_drawing_is_in_ink(exhibit):
    assert "format=png&size=360" in exhibit("polygons").thumbnail
    assert exhibit("blots").thumbnail == exhibit("blots").image


def test_a_larger_model_is_named_if_there_is_one(exhibit):
    one = exhibit("blots")
    smaller = one.card.model_copy(update={"resolution": 32})

    assert one.larger is None
    larger = Exhibit(one.generator, smaller, one.recipe).larger
    assert larger
    assert (larger.card, larger.status) == (one.card, "cached")


def test_its_page_is_on_its_own_site(exhibit):
    assert exhibit("blots").page.startswith("/?model=blots/tiny@")
    assert exhibit("polygons").page.startswith("http://polygons.zoo.test/?model=polygons/tiny@")


def test_a_large_picture_has_a_small_thumbnail(exhibit):
    one = exhibit("blots")
    large = Exhibit(one.generator, one.card.model_copy(update={"resolution": 1024}), one.recipe)

    assert "size=256" in large.thumbnail


def test_another_keeps_what_was_changed_and_nothing_else(exhibit):
    assert exhibit("blots").another == "/"
    assert exhibit("blots", psi=-1).another == "/?psi=-1.0"


def test_in_words(exhibit):
    assert exhibit("blots").description == "An ink blot that does not exist, seed 7"
    assert exhibit("polygons", Media(b"", "svg", {"name": "a 3-gon"})).description.endswith("seed 7: a 3-gon")
    assert exhibit("moods", Media(b"", "svg", {"smiles": "CCO"})).description.endswith("seed 7: CCO")


def test_psi_is_offered_from_the_opposite_to_the_wild(exhibit):
    one = exhibit("blots")
    card = one.card.model_validate({**one.card.model_dump(), "psi": {"low": -1.0, "high": 1.0}})
    psi = Exhibit(one.generator, card, one.recipe).controls[0]

    assert (psi.minimum, psi.maximum) == ("-1", "1.5")
