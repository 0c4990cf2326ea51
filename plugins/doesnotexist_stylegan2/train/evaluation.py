"""What is said of a finished generator: its figures, sheets of its seeds, its nearest training pictures."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from ..generator import StyleGAN2
from . import sheet
from .judge import Judge, as_images, draw, shuffled
from .neighbours import closeness, nearest, nearest_other
from .patches import sliced_wasserstein

SAMPLES = 5000
_COMPARED = 1000  # samples whose nearest training pictures are looked for
_SHOWN = 10
_QUALITY = 85

Figures = dict[str, Any]


def evaluate(generator: StyleGAN2, pictures: Tensor, out: Path, samples: int = SAMPLES) -> Figures:
    """Measure a generator against its training pictures (N, 3, R, R) uint8.

    Writes evaluation.json, two sheets of 64 seeds and one of neighbours; returns what the JSON holds.
    """
    out.mkdir(parents=True, exist_ok=True)
    pictures = shuffled(pictures)
    judge = Judge(pictures, str(generator.device), samples, len(pictures))
    figures: Figures = {"pictures": len(pictures), "samples": samples, "floor": _floor(judge, pictures)}
    for psi in (1.0, 0.7):
        figures[f"psi {psi}"] = _figures(judge, generator, pictures, psi)
        sheet.draw(generator, psi).save(out / f"seeds-psi{psi}.webp", quality=_QUALITY)
    figures["memory"] = _memory(judge, generator, pictures, out / "memory.webp")
    (out / "evaluation.json").write_text(json.dumps(figures, indent=2) + "\n")
    return figures


def _floor(judge: Judge, pictures: Tensor) -> Figures:
    """One half of the real pictures against the other."""
    one, other = map(as_images, pictures.chunk(2))
    return {"frechet": judge.floor(), "swd": sliced_wasserstein(one, other)}


def _figures(judge: Judge, generator: StyleGAN2, pictures: Tensor, psi: float) -> Figures:
    fakes = torch.cat(list(draw(generator.network, judge.samples, psi)))
    half = as_images(pictures[: len(pictures) // 2])  # as many as in the floor
    return {**asdict(judge.of(fakes)), "swd": sliced_wasserstein(fakes, half)}


def _memory(judge: Judge, generator: StyleGAN2, pictures: Tensor, path: Path) -> Figures:
    """By pixels and by features; the sheet shows samples, and below each its two neighbours."""
    real = as_images(pictures)
    fakes = torch.cat(list(draw(generator.network, min(_COMPARED, len(real)), psi=0.7)))
    few, figures, rows = real[: len(fakes)], {}, [fakes[:_SHOWN]]
    for name, view in (("pixels", _flat), ("features", judge.look)):
        seen = view(real)
        found = nearest(view(fakes), view(fakes.flip(3)), seen)
        figures[name] = closeness(found, nearest_other(seen, view(few.flip(3))))
        rows.append(real[found.index[:_SHOWN]])
    _tiles(rows).save(path, quality=_QUALITY)
    return figures


def _flat(images: Tensor) -> Tensor:
    return images.flatten(1)


def _tiles(rows: list[Tensor]) -> Image.Image:
    """Rows of (n, 3, R, R) in [-1, 1]."""
    grid = torch.cat([torch.cat(list(row), dim=2) for row in rows], dim=1)
    pixels = (grid.permute(1, 2, 0) * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    return Image.fromarray(pixels.contiguous().numpy())
