"""Pictures from folders and tars."""

from __future__ import annotations

import tarfile

import pytest
import torch

from doesnotexist.errors import InvalidParameter
from doesnotexist_stylegan2.train.data import Batches, read_pictures


def test_a_folder_is_read_in_the_order_of_its_names(pictures):
    found = read_pictures(pictures, 16)

    assert (found.shape, found.dtype) == ((20, 3, 16, 16), torch.uint8)
    assert torch.equal(found, read_pictures(pictures, 16))


def test_a_tar_is_as_good_as_its_folder(pictures, tmp_path):
    with tarfile.open(tmp_path / "pictures.tar", "w") as archive:
        archive.add(pictures, "pictures")

    assert torch.equal(read_pictures(tmp_path / "pictures.tar", 16), read_pictures(pictures, 16))


@pytest.mark.parametrize("source", ["nowhere", "0/00.png"])
def test_anything_else_is_refused(pictures, source):
    with pytest.raises(InvalidParameter, match="a folder or a tar"):
        read_pictures(pictures / source, 16)


def test_too_few_pictures_are_refused(pictures):
    with pytest.raises(InvalidParameter, match="at least 16 pictures"):
        read_pictures(pictures / "0", 16)


def test_a_broken_picture_is_named(pictures):
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    with pytest.raises(InvalidParameter, match=r"broken\.png"):
        read_pictures(pictures, 16)


def test_every_picture_is_seen_once_before_any_is_seen_twice():
    shades = torch.arange(20, dtype=torch.uint8).reshape(20, 1, 1, 1).expand(-1, 3, 4, 4)
    batches = Batches(shades, 8, torch.Generator().manual_seed(0))

    seen = torch.cat([batches.next() for _ in range(5)])[:, 0, 0, 0]

    assert sorted(((seen + 1) * 127.5).round().int().tolist()) == sorted([*range(20)] * 2)


def test_half_of_the_pictures_are_mirrored():
    halves = torch.zeros(4, 3, 2, 2, dtype=torch.uint8)
    halves[:, :, :, 1] = 255
    batches = Batches(halves, 200, torch.Generator().manual_seed(0))

    images = batches.next()

    assert (images.min(), images.max()) == (-1, 1)
    assert 0.4 < (images[:, 0, 0, 0] == 1).float().mean() < 0.6
