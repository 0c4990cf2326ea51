"""Two small real domains for the tests of the site: pictures with parameters, and drawings with facts.

A third one can be told to fail, or to wait, so that tests see what the site makes of it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np
import pytest
from pydantic import Field

from doesnotexist import Generator, Params, Picture, Settings, Zoo, hookimpl
from doesnotexist.plugins import Plugins
from doesnotexist.testing.fakes import fake_card, fake_zoo
from doesnotexist_web.app import create_app

WEIGHTS = b"these bytes are the weights of a network for tests"
SIDE = 64


class BlotParams(Params):
    """One parameter of each kind that a form can show."""

    psi: float = Field(0.7, ge=-2, le=2, description="How far from the average blot.")
    spots: int = Field(5, ge=1, le=40, description="how many")
    ground: Literal["light", "dark"] = "light"
    round: bool = True


class Blots(Generator):
    """Pictures: soft spots whose places and colours are drawn from the seed."""

    domain, noun, title = "blots", "ink blot", "This Ink Blot Does Not Exist"
    params = BlotParams

    def load(self, card, files, device):
        assert files["weights"] == WEIGHTS
        return self

    def sample(self, recipes):
        return [self._blot(recipe) for recipe in recipes]

    def _blot(self, recipe):
        random = np.random.RandomState(recipe.seed)
        ys, xs = np.mgrid[0:SIDE, 0:SIDE] / SIDE
        picture = np.full((SIDE, SIDE, 3), 235.0 if recipe.params["ground"] == "light" else 25.0)
        for _ in range(recipe.params["spots"]):
            y, x, r = random.rand(3) * (1, 1, 0.3) + (0, 0, 0.08)
            spot = np.exp(-((ys - y) ** 2 + (xs - x) ** 2) / r**2)[..., None]
            picture += spot * abs(recipe.params["psi"]) * (random.rand(3) * 255 - picture)
        return Picture(picture.clip(0, 255).astype(np.uint8))


class Figure:
    """A drawn sample: a polygon as SVG, with facts."""

    def __init__(self, seed: int) -> None:
        self.corners = 3 + seed % 9
        angles = np.random.RandomState(seed).rand(self.corners).cumsum()
        angles *= 2 * np.pi / angles[-1]
        self.points = [(50 + 45 * np.cos(a), 50 + 45 * np.sin(a)) for a in angles]

    def encode(self, format: str, size: int | None) -> bytes:
        if format == "png":
            return Picture(np.full((size or 100, size or 100, 3), 255, np.uint8)).encode("png", None)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
            f'<polygon points="{points}" style="fill:#fff;stroke:#000;stroke-width:2"/></svg>'
        ).encode()

    def facts(self) -> dict[str, object]:
        return {"name": f"irregular {self.corners}-gon", "corners": self.corners, "convex": True}


class Polygons(Generator):
    """Drawings, whose first format is SVG; no JPEG of them is to be had."""

    domain, noun, title = "polygons", "polygon", "This Polygon Does Not Exist"
    formats = ("svg", "png")

    def load(self, card, files, device):
        return self

    def sample(self, recipes):
        return [Figure(recipe.seed) for recipe in recipes]


class WaveParams(Params):
    """Everything that can be played with."""

    psi: float = Field(0.7, ge=-2, le=2, description="how far from the mean wave")
    relative: int | None = Field(None, ge=1, le=100, description="a wave near this one")
    mix: int | None = Field(None, ge=0, le=2**32 - 1, description="a second wave")
    mix_layers: str | None = Field(None, max_length=9, description="what the second one lends")
    toward: int | None = Field(None, ge=0, le=2**32 - 1, description="where to go")
    step: float | None = Field(None, ge=0, le=1, description="how far to go")


class Waves(Generator):
    """Pictures of 32 pixels, each of one colour that tells how it was made."""

    domain, noun, title, plural = "waves", "wave", "This Wave Does Not Exist", "Waves"
    params = WaveParams

    def __init__(self) -> None:
        self.made: list[int] = []

    def load(self, card, files, device):
        return self

    def sample(self, recipes):
        self.made += [recipe.seed for recipe in recipes]
        return [Picture(np.full((32, 32, 3), self.shade(recipe), np.uint8)) for recipe in recipes]

    @staticmethod
    def shade(recipe):
        """Red is the way to psi, green the seed or how far to the other, blue the relative."""
        params = recipe.params
        seed, step = recipe.seed % 200, params.get("step", 0)
        green = seed + step * (params.get("toward", recipe.seed) % 200 - seed)
        return round(120 + 60 * params["psi"]), round(green), 10 * params.get("relative", 0)


class Moods(Generator):
    """Pictures from a plugin that may be told to raise an error or to wait."""

    domain, noun, title = "moods", "mood", "This Mood Does Not Exist"

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()

    def load(self, card, files, device):
        return self

    def sample(self, recipes):
        self.go_on.wait(20)
        if self.error:
            raise self.error
        return [Picture(np.full((8, 8, 3), recipe.seed % 256, np.uint8)) for recipe in recipes]


CARD = """\
  - id: {domain}/tiny
    domain: {domain}
    title: A network for tests
    architecture: drawn-by-hand
    resolution: {side}
    files:
      - name: weights.safetensors
        format: safetensors
        size: {size}
        sha256: "{sha256}"
        sources:
          - repo: somebody/tests
            revision: "{commit}"
            path: weights.safetensors
    licence:
      code: Apache-2.0
      weights: CC0-1.0
      data: none
      commercial: true
      attribution: none needed
    credit: Drawn by numpy (2026) - the tests
    data: no data
    limits: knows nothing
"""


def write_registry(path: Path, **sides: int) -> Path:
    """A registry file with one model for each domain, `domain=resolution`."""
    facts = {
        "size": len(WEIGHTS),
        "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
        "commit": "a" * 40,
    }
    rows = "".join(CARD.format(domain=domain, side=side, **facts) for domain, side in sides.items())
    path.write_text(f"format: 1\nmodels:\n{rows}")
    return path


@pytest.fixture
def moods() -> Moods:
    return Moods()


@pytest.fixture
def plugins(moods: Moods) -> Plugins:
    """The three domains, each registered as a plugin of its own."""
    found = Plugins(only=frozenset())
    for generator in (Blots(), Polygons(), moods):
        found.register(plugin_of(generator), generator.domain)
    return found


def plugin_of(generator: Generator) -> ModuleType:
    """A plugin with one generator."""

    @hookimpl
    def register_generators(register: Callable[[Generator], None]) -> None:
        register(generator)

    plugin = ModuleType(generator.domain)
    vars(plugin)["register_generators"] = register_generators
    return plugin


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store that has the weights, and a registry of the three domains."""
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    stored = tmp_path / "store" / "sha256" / sha256[:2] / sha256
    stored.parent.mkdir(parents=True)
    stored.write_bytes(WEIGHTS)
    registry = write_registry(tmp_path / "registry.yaml", blots=SIDE, polygons=0, moods=8)
    return Settings(
        store=tmp_path / "store",
        registry=registry,
        base_domain="zoo.test",
        deadline_s=20,
        queue_size=2,
        status="local",
    )


@pytest.fixture
def zoo(settings: Settings, plugins: Plugins) -> Iterator[Zoo]:
    with Zoo(settings, plugins) as zoo:
        yield zoo


@pytest.fixture
def app(zoo: Zoo):
    return create_app(zoo)


@pytest.fixture
def ask(app):
    """`ask("blots.zoo.test", "/image", accept="image/*")` → the answer."""
    return ask_of(app)


@pytest.fixture
def asker():
    """A function that makes the `ask` of an application."""
    return ask_of


@pytest.fixture
def waves() -> Waves:
    return Waves()


@pytest.fixture
def wave_zoo(tmp_path: Path, waves: Waves) -> Iterator[Zoo]:
    """A zoo of waves alone."""
    card = fake_card("waves", {"weights": WEIGHTS}, resolution=32)
    more = {"base_domain": "zoo.test", "media_bytes": "1MiB", "deadline_s": 20}
    with fake_zoo(tmp_path, waves, {"weights": WEIGHTS}, card, **more) as zoo:
        yield zoo


@pytest.fixture
def surf(wave_zoo: Zoo):
    """As `ask`, of a site of waves alone: `surf("/sheet")`."""
    ask = ask_of(create_app(wave_zoo))
    return lambda path, **more: ask("waves.zoo.test", path, **more)


def ask_of(app):
    """A function that asks an application."""

    def ask(host: str, path: str = "/", accept: str | None = None, method: str = "GET", json=None, **headers):
        sent = {"Accept": accept} if accept is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        environ = {"HTTP_HOST": host}
        return app.test_client().open(
            path, method=method, headers=sent, json=json, environ_overrides=environ, buffered=True
        )

    return ask
