"""What axe finds: nothing serious, on any page, by day and by night, wide and narrow."""

from __future__ import annotations

import pytest

from .conftest import DOMAINS

axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 740}


def serious(page) -> list[str]:
    """What axe calls serious or critical, with the elements."""
    found = axe_playwright.Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_the_page_of_a_domain(visit, domain, scheme):
    page = visit(domain, "/?seed=7", viewport=WIDE if scheme == "light" else NARROW, color_scheme=scheme)

    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("domain", "path"),
    [
        ("", "/"),
        ("faces", "/about?seed=7"),
        ("chemicals", "/about?seed=7"),
        ("cats", "/play?seed=7"),
        ("faces", "/?seed=7&toward=8&step=0.5"),
        ("faces", "/?seed=7&mix=8&mix_layers=4-7"),
    ],
)
def test_the_other_pages(visit, domain, path, scheme):
    page = visit(domain, path, viewport=NARROW if scheme == "light" else WIDE, color_scheme=scheme)

    assert serious(page) == []


def test_a_page_that_says_what_went_wrong(visit):
    assert serious(visit("faces", "/no-such-page", refused=404)) == []


@pytest.mark.parametrize("key", ["i", "?", "p"])
def test_what_opens_on_demand(visit, key):
    page = visit("faces", "/?seed=7", reduced_motion="reduce")
    page.keyboard.press(key)
    page.wait_for_timeout(500)

    assert serious(page) == []


def test_every_control_can_be_reached_and_left_by_tab(visit):
    page = visit("faces", "/?seed=7")
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.name || ''"))

    assert {"psi", "another", "save", "link", "morph", "play", "about-it", "about-keys"} <= set(reached)
    assert reached.count("another") > 1 or "" in reached  # round again: nothing holds it
