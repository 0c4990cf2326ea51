"""Play, on demand: the panel below the picture, morphs, mixtures, relatives."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import until

_SRC = "document.querySelector('#work img').src"


def query_of(page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def changed(page, action) -> None:
    before = page.evaluate(_SRC)
    action()
    until(page, f"{_SRC} !== {before!r}")


def test_m_goes_halfway_to_another_and_its_slider_all_the_way(visit):
    page = visit("faces", "/?seed=7")
    changed(page, lambda: page.keyboard.press("m"))

    assert query_of(page)["seed"] == "7"
    assert query_of(page)["step"] == "0.5"
    assert page.evaluate("document.activeElement.name") == "step"
    assert page.locator("#kin img").count() == 2

    changed(page, lambda: page.locator("[name=step]").press("End"))
    assert float(query_of(page)["step"]) == 1


def test_the_film_of_a_morph_can_be_had(visit):
    page = visit("cats", "/?seed=7&toward=8&step=0.5")
    film = page.locator("#films a").first.get_attribute("href")
    fetched = f"fetch('{film}&frames=4').then((it) => [it.status, it.headers.get('content-type')])"

    assert page.evaluate(fetched) == [200, "image/webp"]


def test_the_loop_of_a_morph_runs_on_the_wall_and_the_trail_keeps_the_still(visit):
    page = visit("cats", "/?seed=7&toward=8&step=0.5")
    first, address = page.evaluate(_SRC), page.url
    page.evaluate("document.querySelector('#films [data-loop]').href += '&frames=4'")
    changed(page, page.locator("#films [data-loop]").click)
    assert "/morph.webp" in page.evaluate(_SRC)
    assert page.url == address

    changed(page, lambda: page.keyboard.press("Space"))
    assert "/morph.webp" not in page.evaluate(_SRC)
    assert page.evaluate("document.querySelector('#trail img').src") == first


def test_play_opens_below_and_its_pictures_come_to_the_wall(visit):
    page = visit("cats", "/?seed=7", reduced_motion="reduce")
    page.keyboard.press("p")
    panel = page.locator("#panel")
    panel.wait_for()
    words = panel.inner_text()

    assert all(title in words for title in ("Relatives", "From its opposite to itself", "Mixed", "Many"))
    changed(page, panel.get_by_text("no. 3").click)
    assert query_of(page)["relative"] == "3"
    assert page.evaluate("scrollY") == 0

    panel.press("Escape")
    assert panel.is_hidden()
    assert page.evaluate("document.activeElement.id") == "play"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ψ −1", {"psi": "-1.0"}),
        ("50%", {"step": "0.5", "toward": "8"}),
        ("features", {"mix": "8", "mix_layers": "4-7"}),
    ],
)
def test_each_of_its_pictures_is_a_page(visit, words, expected):
    page = visit("horses", "/play?seed=7&toward=8")
    page.get_by_text(words, exact=True).click()
    page.wait_for_load_state()

    assert query_of(page).items() >= {"seed": "7", **expected}.items()


def test_a_partner_is_chosen_in_the_panel(visit):
    page = visit("art", "/?seed=7")
    page.keyboard.press("p")
    page.locator("#panel .partner input[type=number]").fill("85")
    page.locator("#panel .partner button").click()
    until(page, "document.querySelector('#panel .thumb[href*=\"mix=85\"]')")

    changed(page, page.locator('#panel .thumb[href*="mix=85"]').first.click)
    assert query_of(page)["mix"] == "85"


def test_what_is_mostly_not_used_can_be_turned(visit):
    page = visit("faces", "/?seed=7")
    page.keyboard.press("p")
    page.locator("#panel summary").click()
    page.locator("#panel .spare [name=cutoff]").fill("2")
    changed(page, page.locator("#panel .spare button").click)

    assert query_of(page)["cutoff"] == "2"
    assert page.locator("#controls [name=cutoff]").input_value() == "2"


def test_where_nothing_can_be_mixed_nothing_is_offered(visit):
    page = visit("chemicals", "/?seed=7")
    page.keyboard.press("p")
    page.locator("#panel").wait_for()

    assert "Mixed" not in page.locator("#panel").inner_text()


def test_how_it_works_is_shown_with_the_one_that_was_looked_at(visit):
    page = visit("faces", "/?seed=7")
    page.get_by_role("link", name="Learn how it works").click()
    page.wait_for_load_state()

    assert query_of(page)["seed"] == "7"
    assert "The 512 numbers of seed 7" in page.locator("main").inner_text()
    assert page.locator(".numbers path").get_attribute("d").count("M") == 512
    for picture in page.locator("main img").all():
        picture.scroll_into_view_if_needed()
        until(page, "[...document.images].every((one) => one.loading === 'lazy' || one.naturalWidth > 0)")
    until(page, "[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
