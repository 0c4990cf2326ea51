"""A term that spreads the generator's pictures as real ones are spread: in layout, not only in colour.

Without it every horse stood in one pose. Pairwise distances hid that, 0.9 of those between real pictures,
for brightness and colour alone made them up; the effective number of independent directions in which pictures
varied was 10, where that of real horses is 58 (6 and 44 for paintings). So the spread is compared along
principal components of real pictures, each scaled to variance 1, where layout counts as much as brightness.

The distance is Fréchet's between two normal distributions (Dowson and Landau 1982), trained through as by
Mathiasen and Hvilshøj (2020, Backpropagating through Fréchet Inception Distance), though over running
moments: the optimal transport between the two is linear, and each sample is drawn to where that would put it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from doesnotexist.team import ALONE, Team

COMPONENTS = 128
"""Most principal components of a view."""

_COARSE = 16
"""Side of the pictures' pixel view."""

_GREATEST_PULL = 3.0
"""Most that a collapsed direction is spread by in one go; what little it holds is noise."""


def views(maps: Sequence[Tensor], images: Tensor) -> list[Tensor]:
    """The two deepest projected maps and coarse pixels, each (N, features) float32"""
    coarse = F.adaptive_avg_pool2d(images.float(), _COARSE)
    return [view.flatten(1).float() for view in (maps[2], maps[3], coarse)]


class Transport(nn.Module):
    """Knows the spread of real pictures, keeps track of that of generated ones."""

    def __init__(self, rate: float = 0.02, team: Team = ALONE) -> None:
        super().__init__()
        self.rate, self.team = rate, team

    @property
    def fitted(self) -> bool:
        """Whether it knows real pictures yet."""
        return hasattr(self, "basis0")

    def fit(self, real: Sequence[Tensor]) -> None:
        """Learn the principal components of many real pictures from their views, each (n, features)."""
        for index, view in enumerate(real):
            wanted = min(COMPONENTS, len(view) // 4, view.shape[1] // 2)
            self.register_buffer(f"origin{index}", view.mean(0))
            self.register_buffer(f"basis{index}", whitening(view - view.mean(0), wanted))
            self.register_buffer(f"centre{index}", view.new_zeros(wanted))
            self.register_buffer(f"covariance{index}", torch.eye(wanted, device=view.device))

    def adopt(self, state: Mapping[str, Tensor]) -> None:
        """Make room for the buffers of a checkpoint: there are none before the first step."""
        for name, value in state.items():
            self.register_buffer(name, value.clone())

    def forward(self, fake: Sequence[Tensor]) -> Tensor:
        """Mean square way, in standard deviations, from where the fakes are to where they should be."""
        return torch.stack([self._view(index, view) for index, view in enumerate(fake)]).sum()

    def _view(self, index: int, view: Tensor) -> Tensor:
        at = (view - self.get_buffer(f"origin{index}")) @ self.get_buffer(f"basis{index}")
        return (at - self._target(index, at.detach())).square().mean()

    def _target(self, index: int, at: Tensor) -> Tensor:
        centre, covariance = self.get_buffer(f"centre{index}"), self.get_buffer(f"covariance{index}")
        square = (at - centre).t() @ (at - centre) / len(at)  # about the centre so far, which moves slowly
        mean, square = self.team.mean(at.mean(0), square)
        centre.lerp_(mean, self.rate)
        covariance.lerp_(square, self.rate)
        values, vectors = torch.linalg.eigh(covariance)
        pull = values.clamp_min(1e-6).rsqrt().clamp_max(_GREATEST_PULL)
        return torch.mm(at - centre, torch.mm(vectors * pull, vectors.t()))


def whitening(centred: Tensor, count: int) -> Tensor:
    """(N, d) -> (d, count): to its first principal components, each of variance 1 (Halko et al. 2011, 4.4)"""
    random = torch.Generator().manual_seed(0)  # its own: the same pictures have the same components
    basis = torch.randn(centred.shape[1], count, generator=random).to(centred)
    for _ in range(6):
        basis = torch.linalg.qr(centred.t() @ (centred @ basis)).Q
    _, lengths, turned = torch.linalg.svd(centred @ basis, full_matrices=False)
    scale: Tensor = len(centred) ** 0.5 / lengths.clamp_min(1e-6)
    return torch.mm(basis, turned.t() * scale)
