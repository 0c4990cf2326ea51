"""Fake weights, a fake registry and a fake zoo, for tests that need no real ones.

They are real in form: the weights are safetensors, the registry file is read as strictly as any, and
the zoo is the zoo.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cards import Hub, Licence, ModelCard, WeightFile
from ..generator import Generator
from ..hookspecs import hookimpl
from ..plugins import Plugins
from ..settings import Settings
from ..weights import Store
from ..zoo import Zoo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def fake_weights(metadata: Mapping[str, str] | None = None, **tensors: NDArray[np.generic]) -> bytes:
    """The bytes of a safetensors file with these tensors."""
    from safetensors.numpy import save

    return save(tensors, dict(metadata or {}))


def fake_card(
    domain: str, files: Mapping[str, bytes], name: str = "fake", resolution: int = 0, **facts: Any
) -> ModelCard:
    """A model card for these bytes by role; `facts` go before what is made up here."""
    rows = tuple(_file(role, data) for role, data in files.items())
    made_up: dict[str, Any] = {
        "id": f"{domain}/{name}",
        "domain": domain,
        "title": f"{domain.capitalize()} for tests",
        "architecture": "fake",
        "resolution": resolution,
        "files": rows,
        "licence": Licence(
            code="Apache-2.0", weights="CC0-1.0", data="none", commercial=True, attribution="none needed"
        ),
        "credit": "made up for a test",
        "data": "none",
        "limits": "It is made up.",
    }
    return ModelCard(**{**made_up, **facts})


def _file(role: str, data: bytes) -> WeightFile:
    nowhere = Hub(repo="nobody/nothing", revision="0" * 40, path=f"{role}.safetensors")
    return WeightFile(
        role=role,
        name=f"{role}.safetensors",
        format="safetensors",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        sources=(nowhere,),
    )


def fake_registry(path: Path, *cards: ModelCard) -> Path:
    """Write a registry file with these cards."""
    rows = [card.model_dump(mode="json", exclude_defaults=True) for card in cards]
    path.write_text(json.dumps({"format": 1, "models": rows}, indent=1))  # JSON is YAML
    return path


def fake_zoo(
    folder: Path,
    generator: Generator,
    files: Mapping[str, bytes],
    card: ModelCard | None = None,
    **settings: Any,
) -> Zoo:
    """A zoo with this generator alone, whose weights lie in `folder`; close it when done."""
    card = card or fake_card(generator.domain, files)
    store = Store(folder / "store")
    for data in files.values():
        path = store.path(hashlib.sha256(data).hexdigest())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    plugins = Plugins(only=frozenset())
    plugins.register(_Plugin(generator), f"{generator.domain} under test")
    registry = fake_registry(folder / "registry.yaml", card)
    return Zoo(Settings.read({}, store=store.root, registry=registry, **settings), plugins)


class _Plugin:
    """A plugin that is not installed, with one generator."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    @hookimpl
    def register_generators(self, register: Callable[[Generator], None]) -> None:
        register(self._generator)
