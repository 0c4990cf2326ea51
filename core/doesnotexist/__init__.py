"""A model zoo of things that do not exist: one runtime, one plugin contract, one site per domain.

Public names are imported on first use, so that `import doesnotexist` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cards import ModelCard
    from .errors import DoesNotExistError
    from .generator import Generator, Params, Sampler
    from .hookspecs import hookimpl
    from .media import Media, Picture, Sample
    from .recipe import Recipe
    from .settings import Settings
    from .zoo import Creation, Zoo

__all__ = [
    "Creation",
    "DoesNotExistError",
    "Generator",
    "Media",
    "ModelCard",
    "Params",
    "Picture",
    "Recipe",
    "Sample",
    "Sampler",
    "Settings",
    "Zoo",
    "hookimpl",
]

_HOMES = {
    "Creation": "zoo",
    "DoesNotExistError": "errors",
    "Generator": "generator",
    "Media": "media",
    "ModelCard": "cards",
    "Params": "generator",
    "Picture": "media",
    "Recipe": "recipe",
    "Sample": "media",
    "Sampler": "generator",
    "Settings": "settings",
    "Zoo": "zoo",
    "hookimpl": "hookspecs",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
