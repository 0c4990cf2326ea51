"""The pages without scripts: every picture and every kind of play by links and forms alone."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import DOMAINS


def query_of(page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def picture_of(page) -> str:
    found: str = page.locator("#work img").get_attribute("src")
    return found


@pytest.fixture
def plain(visit):
    def plain(domain: str, path: str = "/"):
        return visit(domain, path, java_script_enabled=False)

    return plain


@pytest.mark.parametrize("domain", DOMAINS)
def test_another_is_a_link_and_back_is_the_browsers(plain, domain):
    page = plain(domain, "/?seed=7")
    first = picture_of(page)
    page.locator("#another").click()
    assert picture_of(page) != first

    page.go_back()
    assert picture_of(page) == first


def test_the_permalink_is_a_link(plain):
    page = plain("faces", "/?seed=7")
    page.locator("#link").click()

    assert query_of(page).keys() == {"model", "seed", "psi"}


def test_the_slider_is_part_of_a_form(plain):
    page = plain("faces", "/?seed=7")
    before = picture_of(page)
    page.locator("#controls [name=psi]").fill("-1")
    page.locator("#controls button").click()

    assert picture_of(page) != before
    assert float(query_of(page)["psi"]) == -1


def test_cards_open_without_scripts(plain):
    page = plain("cats", "/?seed=7")
    page.locator("#about-it").click()
    assert page.locator("#card").is_visible()

    page.locator("#card button").click()
    assert page.locator("#card").is_hidden()


def test_play_is_a_page(plain):
    page = plain("cats", "/?seed=7")
    page.locator("#play").click()
    page.locator(".partner input[type=number]").fill("8")
    page.locator(".partner button").click()
    page.get_by_text("colours and texture", exact=True).click()

    assert query_of(page).items() >= {"seed": "7", "mix": "8", "mix_layers": "8-"}.items()
    assert page.locator("#kin img").count() == 2


def test_a_morph_is_a_link(plain):
    page = plain("horses", "/?seed=7")
    page.locator("#morph").click()

    assert query_of(page)["step"] == "0.5"
    assert page.locator("#controls [name=step]").input_value() == "0.5"


def test_the_index_leads_to_every_site(plain):
    page = plain("")
    assert page.locator(".wall img").count() == len(DOMAINS)
    titles = page.locator(".wall .title").all_inner_texts()
    assert titles[0] == "This Person Does Not Exist"

    page.get_by_text("This Horse Does Not Exist").click()
    assert urlsplit(page.url).hostname == "horses.localhost"


def test_under_a_path_where_there_is_no_dns(plain):
    page = plain("", "/d/art/?seed=7")
    page.locator("#another").click()

    assert urlsplit(page.url).path == "/d/art/"
