"""Five verdicts on each picture."""

from __future__ import annotations

import torch

from doesnotexist_stylegan2.train.discriminators import Discriminators, Looker
from doesnotexist_stylegan2.train.features import load_features
from doesnotexist_stylegan2.train.projection import Projection


def test_every_discriminator_gives_a_logit_a_place():
    looker = Looker(load_features(torch.float32), Projection(torch.Generator().manual_seed(0)))
    images = (torch.rand(2, 3, 64, 64) * 2 - 1).requires_grad_()

    verdicts = Discriminators()(looker(images))

    assert [tuple(v.shape) for v in verdicts] == [(2, 1, 4, 4)] * 5
    torch.stack([v.square().mean() for v in verdicts]).sum().backward()
    assert images.grad.abs().amax((0, 2, 3)).min() > 0  # verdicts tell the generator about every colour


def test_nothing_frozen_learns():
    looker = Looker(load_features(torch.float32), Projection(torch.Generator().manual_seed(0)))

    assert not any(parameter.requires_grad for parameter in looker.parameters())
    assert all(parameter.requires_grad for parameter in Discriminators().parameters())
