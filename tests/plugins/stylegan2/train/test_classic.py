"""StyleGAN2's own adversary steps, learns, and keeps itself from learning by heart."""

from __future__ import annotations

import pytest
import torch

from doesnotexist_stylegan2.architecture import Architecture
from doesnotexist_stylegan2.train import checkpoint
from doesnotexist_stylegan2.train.classic import Counts
from doesnotexist_stylegan2.train.classic_discriminator import ClassicDiscriminator, Conv


def test_its_discriminator_learns_to_tell_pictures_apart(new_run):
    run = new_run(batch=8, kind="stylegan2")
    run.step(0.0)

    verdicts = [run._step_discriminators() for _ in range(30)]  # on the same pictures

    assert verdicts[-1]["discriminator"] < 0.5 * verdicts[0]["discriminator"]
    assert (verdicts[-1]["real_sign"], verdicts[-1]["fake_sign"]) == (1, -1)


def test_a_resumed_run_is_the_same(new_run, tmp_path):
    run = new_run(batch=8, kind="stylegan2")
    run.step(0.0)
    checkpoint.write(run, tmp_path / "run.safetensors")
    resumed = new_run(batch=8, seed=3, kind="stylegan2")
    checkpoint.restore(resumed, tmp_path / "run.safetensors")
    assert resumed.step(0.0) == run.step(0.0)


def test_augmentation_follows_the_verdicts_on_real_pictures():
    counts = Counts()
    for sign in (1.0, 1.0, 0.5, 1.0):
        counts.adapt(sign, by=0.25)

    assert (int(counts.steps), float(counts.share)) == (4, 0.5)


def test_r1_is_the_squared_slope_at_real_pictures(new_run):
    adversary = new_run(batch=2, kind="stylegan2").adversary
    adversary.discriminators = lambda images: 3 * images.sum((1, 2, 3))
    adversary.real = torch.zeros(2, 3, 4, 4)

    assert adversary._r1().item() == pytest.approx(9 * 3 * 4 * 4)


@pytest.mark.parametrize("size", [1, 3])
def test_halving_keeps_flat_pictures_flat(size):
    conv = Conv(2, 2, size, halve=True)
    inside = conv(torch.ones(1, 2, 12, 12))[..., 2:-2, 2:-2]

    assert conv(torch.ones(1, 2, 12, 12)).shape == (1, 2, 6, 6)
    torch.testing.assert_close(inside, inside[..., :1, :1].expand_as(inside))


def test_it_sees_that_pictures_are_all_alike():
    net = Architecture(z_dim=8, w_dim=8, resolution=16, channel_base=128, channel_max=8)
    torch.manual_seed(0)
    discriminator, images = ClassicDiscriminator(net), torch.randn(4, 3, 16, 16)

    alone = discriminator(images[:1].expand(4, -1, -1, -1))
    among_others = discriminator(images)

    assert alone.shape == (4, 1)
    assert not torch.allclose(alone[0], among_others[0])
