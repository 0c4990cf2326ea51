"""This Constellation Does Not Exist: skies, drawn from a seed. No GAN, no torch.

This module is imported even for `doesnotexist --help`, so numpy and Pillow wait in `load`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import Field

from doesnotexist import Generator, ModelCard, Params, Sampler, hookimpl
from doesnotexist.errors import WeightsInvalid


class SkyParams(Params):
    """What a visitor can turn."""

    stars: int = Field(7, ge=4, le=14, description="How many stars make the figure.")
    crowd: float = Field(0.5, ge=0, le=1, description="How many faint stars stand around it.")
    lines: bool = Field(True, description="Whether the figure is drawn.")


class Constellations(Generator):
    """Seeds → skies."""

    domain, noun, title = "constellations", "constellation", "This Constellation Does Not Exist"
    imagined_by = "a Markov chain and a little geometry"
    params = SkyParams
    formats = ("svg", "png", "jpeg", "webp", "avif")
    api_version = 1

    def load(self, card: ModelCard, files: Mapping[str, bytes], device: str) -> Sampler:
        from safetensors import SafetensorError
        from safetensors.numpy import load

        from .sky import Astronomer

        try:
            weights = load(files["weights"])
            return Astronomer(weights["letters"].reshape(27, 27, 27), weights["colours"].reshape(-1, 3))
        except (SafetensorError, KeyError, ValueError) as error:
            raise WeightsInvalid(
                card.id, f"expected letters (27, 27, 27) and colours (N, 3): {error}"
            ) from error


@hookimpl
def register_generators(register: Callable[[Generator], None]) -> None:
    register(Constellations())


@hookimpl
def register_registries(register: Callable[[Path], None]) -> None:
    register(Path(__file__).with_name("registry.yaml"))
