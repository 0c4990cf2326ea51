"""The times that a visitor feels, on a machine where nothing else runs:

    BROWSER_TIMES=times.txt pytest -m slow tests/browser/test_speed.py

writes medians and the load of the machine into that file, and holds them to their bounds. Without it the two
are left out: a busy machine would fail them, whatever the pages do.
"""

from __future__ import annotations

import os
from statistics import median

import pytest

from .conftest import DOMAINS, until

quiet = pytest.mark.skipif("BROWSER_TIMES" not in os.environ, reason="BROWSER_TIMES names no file")

SHOWN_MS = 300  # from the document to its picture
CHANGED_MS = 100  # from a click to another picture
TRIES = 7

# When the picture had come, counted from when the document had.
_SHOWN = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const [picture] = performance.getEntriesByName(document.querySelector("#work img").src);
  return picture.responseEnd - page.responseEnd;
}"""
# How long from a click until another picture, decoded, stands in the page.
_CHANGED = """() => new Promise((done) => {
  const before = document.querySelector("#work img");
  const begin = performance.now();
  document.addEventListener("hung", () => {
    const picture = document.querySelector("#work img");
    const whole = picture !== before && picture.complete && picture.naturalWidth > 0;
    done(whole ? performance.now() - begin : Infinity);
  }, { once: true });
  document.querySelector("#another").click();
})"""


def note(name: str, times: list[float]) -> float:
    """The median, written down in the file that BROWSER_TIMES names, beside the load of the machine."""
    if path := os.environ.get("BROWSER_TIMES"):
        with open(path, "a") as file:  # noqa: PTH123 - one line
            each = " ".join(f"{time:.0f}" for time in times)
            file.write(f"{name}: median {median(times):.0f} ms of {each}; load {os.getloadavg()[0]:.1f}\n")
    return median(times)


@quiet
@pytest.mark.slow
@pytest.mark.parametrize("domain", DOMAINS)
def test_the_picture_is_there_with_its_document(visit, domain):
    times = []
    for _ in range(TRIES):
        page = visit(domain)
        until(page, "document.querySelector('#work img').complete")
        times.append(page.evaluate(_SHOWN))
        page.context.close()

    assert note(f"{domain}, document to picture", times) < SHOWN_MS


@quiet
@pytest.mark.slow
@pytest.mark.parametrize("domain", DOMAINS)
def test_another_is_there_at_once(visit, domain):
    page, times = visit(domain), []
    for _ in range(TRIES):
        page.wait_for_timeout(500)  # a visitor looks at it
        times.append(page.evaluate(_CHANGED))

    assert note(f"{domain}, click to another", times) < CHANGED_MS


@pytest.mark.slow
def test_nothing_moves_while_a_page_comes(visit):
    page = visit("faces")
    page.keyboard.press("Space")
    page.wait_for_timeout(500)
    shift = """() => new Promise((done) => {
      new PerformanceObserver((list) => done(list.getEntries().reduce((sum, one) => sum + one.value, 0)))
        .observe({ type: "layout-shift", buffered: true });
      setTimeout(() => done(0), 300);
    })"""

    assert page.evaluate(shift) < 0.01
