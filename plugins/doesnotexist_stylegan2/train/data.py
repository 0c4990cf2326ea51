"""Training pictures: a folder or a tar of them, held in memory as uint8."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from doesnotexist.errors import InvalidParameter
from doesnotexist.team import ALONE, Team

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})

LEAST = 16
"""Fewer pictures than this are surely a mistake."""


def read_pictures(source: Path, resolution: int) -> Tensor:
    """All pictures of a folder (at any depth) or a tar, in the order of their names -> (N, 3, R, R) uint8

    Non-square pictures are cropped to the centre square; Lanczos to the resolution.
    """
    pictures = [_picture(name, content, resolution) for name, content in _contents(source)]
    if len(pictures) < LEAST:
        raise InvalidParameter("data", f"at least {LEAST} pictures in {source}", len(pictures))
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


class Batches:
    """Endless shuffled batches of real pictures, each mirrored with probability one half."""

    def __init__(self, pictures: Tensor, size: int, generator: torch.Generator, team: Team = ALONE) -> None:
        self.pictures, self.size, self.generator, self.team = pictures, size, generator, team
        self.order = torch.empty(0, dtype=torch.int64)

    def next(self) -> Tensor:
        """This worker's share of (size, 3, R, R), float32 in [-1, 1]"""
        while len(self.order) < self.size:
            fresh = torch.randperm(len(self.pictures), generator=self.generator)
            self.order = torch.cat([self.order, fresh])
        chosen, self.order = self.order[: self.size], self.order[self.size :]
        mirrored = self.team.share(torch.rand(self.size, generator=self.generator)) < 0.5
        images = self.pictures[self.team.share(chosen)].float() / 127.5 - 1
        return torch.where(mirrored[:, None, None, None], images.flip(3), images)


def _contents(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield str(path), path.read_bytes()
    elif source.is_file() and tarfile.is_tarfile(source):
        yield from _members(source)
    else:
        raise InvalidParameter("data", "a folder or a tar of pictures", str(source))


def _members(source: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(source) as archive:
        members = [m for m in archive.getmembers() if m.isfile() and Path(m.name).suffix.lower() in SUFFIXES]
        for member in sorted(members, key=lambda m: m.name):
            stream = archive.extractfile(member)
            if stream is not None:
                yield member.name, stream.read()


def _picture(name: str, content: bytes, resolution: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            rgb = image.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise InvalidParameter("data", "readable pictures", Path(name).name) from error
    side = min(rgb.size)
    left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
    box = (left, top, left + side, top + side)
    return np.asarray(rgb.resize((resolution, resolution), Image.Resampling.LANCZOS, box=box))
