"""StyleGAN2 (Karras et al. 2020) for the zoo: the network, its weight files and its trainer.

    from doesnotexist_stylegan2 import load_generator
    from doesnotexist_stylegan2.latents import z_of_seed

    generator = load_generator("net.safetensors")
    w = generator.map(z_of_seed(7, generator.z_dim), psi=0.7)
    pixels = generator.to_uint8(generator.synthesize(w))

Importing this package costs next to nothing: torch is imported when a name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .generator import StyleGAN2, load_generator

__all__ = ["StyleGAN2", "load_generator"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import generator

    return getattr(generator, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
