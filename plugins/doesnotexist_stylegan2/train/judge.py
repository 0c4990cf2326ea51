"""How good generated pictures are, seen through a network that they were not trained to please.

The discriminators look through EfficientNet-Lite0, so a distance over its features would flatter them. This
one is taken over Lite1: a near relative, taught the same classes, so less biased and not unbiased
(Kynkäänniemi et al. 2022, The Role of ImageNet Classes in Fréchet Inception Distance). Compare its figures
with each other and with their floor, never with a Fréchet Inception Distance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .. import lucidrains
from ..latents import z_of_seed
from ..network import Network, truncate
from .features import LITE1, Features, load_features

_BATCH = 64
_DIRECTIONS_OF = 512  # pictures; the figure grows with their number


@dataclass(frozen=True)
class Verdict:
    """Figures of a generator beside a training set."""

    frechet: float  # distance of two normal distributions over features, 0 and more
    variety: float  # mean distance between two pictures' features, as a share of that between real ones
    directions: float  # independent directions of the pixels, as a share of those of real pictures


class Judge:
    """Knows the real pictures; its figures are over so many samples, always of the same seeds."""

    def __init__(self, pictures: Tensor, device: str, samples: int = 1024, reals: int = 4096) -> None:
        """pictures (N, 3, R, R) uint8, of which at most `reals` are looked at"""
        self.device, self.samples = device, samples
        self.features: Features = load_features(torch.float32, LITE1).to(device)
        self.images = images = as_images(shuffled(pictures)[:reals])
        self.real = self.look(images)
        self.real_spread = mean_distance(self.real[:samples])
        self.real_directions = directions(images[:_DIRECTIONS_OF])

    def __call__(self, network: Network, psi: float = 1.0) -> Verdict:
        """The figures of a generator that knows its mean w."""
        return self.of(torch.cat(list(draw(network, self.samples, psi))))

    def of(self, fakes: Tensor) -> Verdict:
        """The figures of pictures (N, 3, R, R) in [-1, 1]."""
        seen = self.look(fakes)
        return Verdict(
            frechet=frechet(seen, self.real),
            variety=mean_distance(seen) / self.real_spread,
            directions=directions(fakes[:_DIRECTIONS_OF]) / self.real_directions,
        )

    def floor(self) -> float:
        """The Fréchet distance of one half of the real pictures from the other: nobody gets below."""
        half = len(self.real) // 2
        return frechet(self.real[:half], self.real[half:])

    @torch.no_grad()
    def look(self, images: Tensor) -> Tensor:
        """(N, 3, R, R) in [-1, 1] -> (N, 320) float64 features, averaged over places"""
        batches = torch.split(images, _BATCH)
        seen = [self.features(batch.to(self.device))[-1].mean((2, 3)) for batch in batches]
        return torch.cat(seen).to("cpu", torch.float64)


def shuffled(pictures: Tensor) -> Tensor:
    """In an order that is random and always the same."""
    return pictures[torch.randperm(len(pictures), generator=torch.Generator().manual_seed(1))]


def as_images(pictures: Tensor) -> Tensor:
    """uint8 -> float32 in [-1, 1]"""
    return pictures.float() / 127.5 - 1


@torch.no_grad()
def draw(network: Network | lucidrains.Network, count: int, psi: float = 1.0) -> Iterator[Tensor]:
    """Batches of pictures (n, 3, R, R) in [-1, 1] on the CPU: those of the zoo's first `count` seeds."""
    net, mapping = network.architecture, network.mapping
    for seeds in torch.split(torch.arange(count), _BATCH):
        z = torch.from_numpy(np.concatenate([z_of_seed(int(seed), net.z_dim) for seed in seeds]))
        ws = mapping(z.to(mapping.w_avg))[:, None].expand(-1, net.num_ws, -1)
        yield network.synthesis(truncate(ws, mapping.w_avg, psi, None)).clamp(-1, 1).float().cpu()


def frechet(one: Tensor, other: Tensor) -> float:
    """Of the normal distributions nearest to two sets of features (N, d) float64 (Heusel et al. 2017)."""
    root = _root(torch.cov(one.t()))
    between = torch.linalg.eigvalsh(root @ torch.cov(other.t()) @ root).clamp_min(0).sqrt().sum()
    spreads = one.var(0).sum() + other.var(0).sum()
    return float((one.mean(0) - other.mean(0)).square().sum() + spreads - 2 * between)


def mean_distance(seen: Tensor) -> float:
    """Mean distance of all pairs of (N, d)."""
    return float(torch.pdist(seen).mean())


def directions(images: Tensor) -> float:
    """exp(entropy) of the shares of variance along principal components (Roy and Vetterli 2007).

    Variety as a mean distance can be high by brightness and colour alone; this cannot.
    """
    flat = images.flatten(1).to(torch.float64)
    flat = flat - flat.mean(0)
    variances = torch.linalg.eigvalsh(flat @ flat.t()).clamp_min(0)
    shares = variances / variances.sum().clamp_min(1e-12)
    return float(torch.special.entr(shares).sum().exp())


def _root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    return torch.mm(vectors * values.clamp_min(0).sqrt(), vectors.t())
