"""A real site in a process of its own, and a real Chromium that looks at it.

Chromium is Debian's package, driven by Playwright; without it these tests are skipped. Each page of a
test is watched: a word in the console or a request to another host fails the test.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: the extra [test] brings it")

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
DOMAINS = ("faces", "cats", "horses", "art", "chemicals")
READY_S = 240  # until the models are loaded, and
WAIT_MS = 30_000  # for anything after that, on a busy machine


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The port of `doesnotexist serve`, with the bundled models loaded."""
    if not CHROMIUM:
        pytest.skip("no chromium on the path")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DOESNOTEXIST_")},
        "DOESNOTEXIST_STORE": str(tmp_path_factory.mktemp("store")),
        "DOESNOTEXIST_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "doesnotexist", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as site:
        try:
            assert site.stdout
            found = re.search(r":(\d+)/", site.stdout.readline())
            assert found, "serve did not say where it is"
            # so that it never waits for us
            reader = threading.Thread(target=site.stdout.read, daemon=True)
            reader.start()
            _wait_until_ready(f"http://127.0.0.1:{found[1]}/readyz")
            yield found[1]
        finally:
            site.send_signal(signal.SIGINT)
        assert site.wait(60) == 0
        reader.join()


def _wait_until_ready(address: str) -> None:
    """Until every model is loaded, which is not what these tests measure."""
    end = time.monotonic() + READY_S
    while True:
        try:
            urlopen(address, timeout=10).close()
            return
        except OSError:  # not yet: HTTPError is one too
            if time.monotonic() > end:
                raise
        time.sleep(0.2)


@pytest.fixture(scope="session")
def address(port: str) -> Callable[..., str]:
    """`address("faces", "/?seed=7")` → where that is; `address("")` is the index."""

    def address(domain: str, path: str = "/") -> str:
        return f"http://{domain}{'.' if domain else ''}localhost:{port}{path}"

    return address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no chromium on the path")
    # containers have no user namespaces for its sandbox; it visits nothing but this site
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, address: Callable[..., str]) -> Iterator[Callable[..., Page]]:
    """`visit("faces", "/?seed=7", **how to set up the browser)` → the page, loaded and watched.

    `refused` is a status that the test provokes, which the browser notes in its console.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def visit(domain: str, path: str = "/", refused: int | None = None, **settings: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        page = context.new_page()
        expected = f"status of {refused} " if refused else "\n"
        page.on("console", lambda said: expected in said.text or faults.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", lambda request: _is_ours(request.url) or faults.append(f"asked {request.url}"))
        page.goto(address(domain, path), wait_until="load")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == []


def _is_ours(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.endswith(".localhost")


def until(page: Page, condition: str) -> None:
    """Wait until a condition in JavaScript holds; Playwright's own way needs an eval, which pages forbid."""
    page.evaluate(
        f"""() => new Promise((done, failed) => {{
          const end = Date.now() + {WAIT_MS};
          (function look() {{
            if ({condition}) done();
            else if (Date.now() > end) failed(new Error("never: " + {condition!r}));
            else setTimeout(look, 10);
          }})();
        }})"""
    )
