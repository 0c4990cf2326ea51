"""A small real plugin for the tests of the core: pictures of stripes, drawn from the seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from pydantic import Field

from doesnotexist import Generator, Params, Picture, Settings, Zoo, hookimpl
from doesnotexist.plugins import Plugins

WEIGHTS = b"these bytes are the weights of the stripes network"


class StripesParams(Params):
    psi: float = Field(0.7, ge=-2, le=2, description="how bright")
    bold: bool = Field(False, description="wide stripes")


class StripesSampler:
    """Counts its batches, so that tests can see what the engine did."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def sample(self, recipes):
        self.batches.append(len(recipes))
        return [self._stripes(recipe) for recipe in recipes]

    def _stripes(self, recipe):
        rows = np.random.RandomState(recipe.seed).randint(0, 256, (8, 1, 3))
        bright = rows * (recipe.params["psi"] + 2) / 4
        return Picture(np.broadcast_to(bright, (8, 8, 3)).astype(np.uint8))


class Stripes(Generator):
    domain, noun, title = "stripes", "stripe", "This Stripe Does Not Exist"
    params = StripesParams
    max_batch = 4

    def __init__(self) -> None:
        self.sampler = StripesSampler()
        self.loads: list[tuple[str, str]] = []

    def load(self, card, files, device):
        assert files["weights"] == WEIGHTS
        self.loads.append((card.id, device))
        return self.sampler


def plugin_of(generator: Generator, registry: Path | None = None) -> ModuleType:
    """A plugin module with one generator and, if given, a registry file."""

    @hookimpl
    def register_generators(register):
        register(generator)

    @hookimpl
    def register_registries(register):
        if registry:
            register(registry)

    module = ModuleType(f"a_plugin_for_{generator.domain}")
    vars(module).update(register_generators=register_generators, register_registries=register_registries)
    return module


CARD = """\
  - id: {id}
    domain: {domain}
    title: A model for tests
    architecture: drawn-by-hand
    resolution: 8
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
    data: none
    limits: only for tests
"""


def write_registry(path: Path, *ids: str, weights: bytes = WEIGHTS) -> Path:
    """A registry file with a card for each id, all of the same weights."""
    facts = {"size": len(weights), "sha256": hashlib.sha256(weights).hexdigest(), "commit": "a" * 40}
    rows = "".join(CARD.format(id=id, domain=id.partition("/")[0], **facts) for id in ids)
    path.write_text(f"format: 1\nmodels:\n{rows}" if ids else "format: 1\nmodels: []\n")
    return path


def put_weights(store: Path, weights: bytes = WEIGHTS) -> Path:
    """A store that has these weights."""
    sha256 = hashlib.sha256(weights).hexdigest()
    stored = store / "sha256" / sha256[:2] / sha256
    stored.parent.mkdir(parents=True)
    stored.write_bytes(weights)
    return store


def put_plugin(site: Path, name: str, source: str) -> Path:
    """A folder for the path of imports, in which a plugin lies as if it had been installed."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (site / f"{name}_plugin.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[doesnotexist]\n{name} = {name}_plugin\n")
    return site


@pytest.fixture
def stripes() -> Stripes:
    return Stripes()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose store has the stripes' weights and whose built-in registry is empty."""
    registry = write_registry(tmp_path / "empty.yaml")
    return Settings(store=put_weights(tmp_path / "store"), registry=registry, deadline_s=20)


@pytest.fixture
def zoo(stripes: Stripes, settings: Settings, tmp_path: Path) -> Iterator[Zoo]:
    """A zoo with the stripes plugin alone, models stripes/one and stripes/two."""
    plugins = Plugins(only=frozenset())
    registry = write_registry(tmp_path / "stripes.yaml", "stripes/one", "stripes/two")
    plugins.register(plugin_of(stripes, registry), "stripes")
    with Zoo(settings, plugins) as zoo:
        yield zoo


@pytest.fixture
def make_plugin():
    """`plugin_of`, for tests that make plugins of their own."""
    return plugin_of


@pytest.fixture
def cards_file(tmp_path: Path):
    """Write a registry file with a card for each name; each call gives another file."""
    count = iter(range(100))

    def write(*names: str, domain: str = "stripes") -> Path:
        return write_registry(tmp_path / f"cards{next(count)}.yaml", *(f"{domain}/{name}" for name in names))

    return write
