"""The page of a domain with scripts: another one, the way back, keys, sliders, swipes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import DOMAINS, until

_SRC = "document.querySelector('#work img').src"
_READY = "document.querySelector('#work img').complete"


def seed_of(page) -> str:
    return parse_qs(urlsplit(page.url).query)["seed"][0]


def after(page, action) -> str:
    """The address of the picture that hangs there after an action has changed it."""
    before = page.evaluate(_SRC)
    action()
    until(page, f"{_SRC} !== {before!r} && {_READY}")
    found: str = page.evaluate(_SRC)
    return found


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_page_shows_its_picture_and_another(visit, domain):
    page = visit(domain)
    until(page, _READY)
    assert page.evaluate("document.querySelector('#work img').naturalWidth") > 0

    after(page, page.locator("#another").click)

    assert page.evaluate("document.querySelector('#work img').naturalWidth") > 0


def test_the_address_is_always_the_permalink(visit):
    page = visit("faces")
    assert {"model", "seed", "psi"} <= parse_qs(urlsplit(page.url).query).keys()
    before = page.url

    after(page, lambda: page.keyboard.press("Space"))

    assert page.url != before
    again = visit("faces", f"/?{urlsplit(page.url).query}")
    assert again.evaluate(_SRC) == page.evaluate(_SRC)


def test_back_restores_and_forward_returns(visit):
    page = visit("cats")
    first = page.evaluate(_SRC)
    second = after(page, lambda: page.keyboard.press("ArrowRight"))

    assert after(page, page.go_back) == first
    assert after(page, page.go_forward) == second
    assert after(page, lambda: page.keyboard.press("ArrowLeft")) == first


def test_the_last_few_seen_hang_in_small_frames(visit):
    page = visit("horses")
    first = page.evaluate(_SRC)
    after(page, lambda: page.keyboard.press("Space"))

    assert page.locator("#trail img").count() == 1
    assert after(page, page.locator("#trail a").first.click) == first


@pytest.mark.parametrize(("domain", "name"), [("faces", "psi"), ("chemicals", "temperature")])
def test_the_slider_changes_the_picture_and_the_address(visit, domain, name):
    page = visit(domain, "/?seed=7")
    slider = page.locator(f"#controls [name={name}]")
    before = page.url

    after(page, lambda: slider.press("ArrowLeft"))

    assert page.url != before
    assert parse_qs(urlsplit(page.url).query)[name] == [slider.input_value()]
    assert page.locator("#controls output").inner_text() == slider.input_value()
    assert seed_of(page) == "7"
    assert page.evaluate("document.activeElement.type") == "range"


def test_a_slider_that_is_drawn_shows_its_way_and_ends_where_it_is_left(visit):
    page = visit("faces", "/?seed=7")
    page.evaluate("window.shown = []; document.addEventListener('hung', () => shown.push(location.search))")
    place = page.locator("#controls [name=psi]").bounding_box()
    page.mouse.move(place["x"] + place["width"] - 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    for part in range(20, -1, -1):
        page.mouse.move(place["x"] + place["width"] * part / 20, place["y"] + place["height"] / 2)
        page.wait_for_timeout(100)
    assert len(page.evaluate("shown")) >= 2  # while it moves, and not only when it rests

    page.mouse.up()
    until(page, "new URLSearchParams(shown.at(-1)).get('psi') === '-1.0'")
    assert page.locator("#controls [name=psi]").input_value() == "-1"
    assert "psi=-1.0" in page.evaluate(_SRC)


def test_s_saves_the_picture_under_its_name(visit):
    page = visit("faces", "/?seed=7")

    with page.expect_download() as download:
        page.keyboard.press("s")

    assert download.value.suggested_filename == "faces-7.jpg"


def test_l_copies_the_permalink(visit, address):
    page = visit("cats", "/?seed=7", permissions=["clipboard-read", "clipboard-write"])
    page.keyboard.press("l")
    until(page, "document.querySelector('#said').textContent !== ''")

    assert page.locator("#said").inner_text() == "Link copied"
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_i_and_the_question_mark_open_cards_and_escape_closes_them(visit):
    page = visit("faces", "/?seed=7")

    for key, card, words in (("i", "#card", "Trained on"), ("?", "#keys", "another")):
        page.keyboard.press(key)
        assert page.locator(card).is_visible()
        assert words in page.locator(card).inner_text()
        page.keyboard.press("Escape")
        assert page.locator(card).is_hidden()


def test_keys_take_nothing_from_fields(visit):
    page = visit("faces", "/?seed=7&toward=8&step=0.5")
    before = page.evaluate(_SRC)
    field = page.locator("#controls [name=toward]")
    field.focus()
    page.keyboard.press("Space")
    page.keyboard.press("s")
    page.wait_for_timeout(300)

    assert page.evaluate(_SRC) == before
    assert field.input_value() == "8"


def test_a_swipe_is_another_or_the_last_one(visit):
    page = visit("cats", has_touch=True, viewport={"width": 360, "height": 740})
    first = page.evaluate(_SRC)

    after(page, lambda: swipe(page, 260, 60))

    assert after(page, lambda: swipe(page, 60, 260)) == first


def test_another_is_at_hand_wherever_one_reads_and_is_seen(visit):
    page = visit("cats", has_touch=True, viewport={"width": 360, "height": 740})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert page.evaluate("scrollY") > 0

    after(page, page.locator("#another").tap)
    until(page, "scrollY === 0")


def swipe(page, start: int, end: int) -> None:
    """A finger over the picture, as the browser itself would report it."""
    send = page.context.new_cdp_session(page).send
    y = page.locator("#work img").bounding_box()["y"] + 100
    send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": start, "y": y}]})
    for x in range(start, end, 20 if end > start else -20):
        send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_new_pictures_are_told_to_those_who_do_not_see_them(visit):
    page = visit("faces")
    after(page, lambda: page.keyboard.press("Space"))

    assert page.locator("#said").text_content() == page.locator("#work img").get_attribute("alt")
    assert seed_of(page) in page.locator("#said").text_content()


def test_one_that_is_slow_to_come_is_waited_for_with_a_sign(visit):
    page = visit("faces")
    send = page.context.new_cdp_session(page).send
    slow = {"offline": False, "latency": 2000, "downloadThroughput": -1, "uploadThroughput": -1}
    send("Network.enable")
    send("Network.emulateNetworkConditions", slow)
    page.keyboard.press("Space")  # the next one, which may be there already
    page.wait_for_timeout(500)
    page.keyboard.press("Space")

    until(page, "document.body.classList.contains('waiting')")
    until(page, "!document.body.classList.contains('waiting')")


def test_what_goes_wrong_is_said_and_the_picture_stays(visit):
    page = visit("faces", "/?seed=7&mix=8&mix_layers=4-7", refused=400)
    before = page.evaluate(_SRC)
    page.locator("#controls [name=mix]").fill("")
    until(page, "document.querySelector('#said').textContent !== ''")

    assert "mix" in page.locator("#said").inner_text()
    assert page.evaluate(_SRC) == before
