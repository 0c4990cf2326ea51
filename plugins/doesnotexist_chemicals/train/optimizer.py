"""Muon for the matrices inside the network, AdamW for the embedding and the head.

Muon: Jordan et al. 2024, kellerjordan.github.io/posts/muon.  AdamW: Loshchilov and Hutter, arXiv:1711.05101.
All state is tensors by name, so a checkpoint is one safetensors file.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

MUON_RATE, ADAM_RATE = 0.02, 0.003
MOMENTUM = 0.95
BETAS = (0.9, 0.98)
DECAY = 0.01  # decoupled weight decay of the matrices, a share of the rate


def orthogonalised(update: Tensor, steps: int = 5) -> Tensor:  # (m, n) to (m, n), float32
    """The nearest half-orthogonal matrix, by the quintic Newton-Schulz iteration of the Muon post."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = update.shape[0] > update.shape[1]
    x = update.T if tall else update
    x = (x / (x.norm() + 1e-7)).to(torch.bfloat16)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: Tensor = (x.T if tall else x).to(torch.float32)
    return result


class Optimizer:
    """One step over all parameters; `share` scales every rate and decays to zero over the run."""

    def __init__(self, model: nn.Module) -> None:
        named = dict(model.named_parameters())
        self.matrices = {name: p for name, p in named.items() if name.startswith("blocks.")}
        self.tables = {name: p for name, p in named.items() if name not in self.matrices}
        self.momentum = {name: torch.zeros_like(p) for name, p in self.matrices.items()}
        self.mean = {name: torch.zeros_like(p) for name, p in self.tables.items()}
        self.square = {name: torch.zeros_like(p) for name, p in self.tables.items()}

    @torch.no_grad()
    def step(self, number: int, share: float) -> None:
        """Apply the gradients; `number` counts steps from 1."""
        for name, weight in self.matrices.items():
            # Queries, keys and values are three maps that happen to share a matrix: each for itself.
            parts = 3 if name.endswith("qkv.weight") else 1
            self._muon(weight, self.momentum[name], MUON_RATE * share, parts)
        for name, weight in self.tables.items():
            self._adam(weight, self.mean[name], self.square[name], number, ADAM_RATE * share)

    @staticmethod
    def _muon(weight: Tensor, momentum: Tensor, rate: float, parts: int) -> None:
        gradient = _gradient(weight)
        momentum.lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(momentum, MOMENTUM)  # Nesterov's look ahead
        update = torch.cat([orthogonalised(part) for part in ahead.chunk(parts)])
        rows, columns = weight.shape[0] // parts, weight.shape[1]
        weight.mul_(1 - rate * DECAY).add_(update, alpha=-rate * max(1.0, rows / columns) ** 0.5)

    @staticmethod
    def _adam(weight: Tensor, mean: Tensor, square: Tensor, number: int, rate: float) -> None:
        gradient, (b1, b2) = _gradient(weight), BETAS
        mean.lerp_(gradient, 1 - b1)
        square.lerp_(gradient.square(), 1 - b2)
        bias = (1 - b2**number) ** 0.5 / (1 - b1**number)
        weight.addcdiv_(mean, square.sqrt().add_(1e-8), value=-rate * bias)

    def state(self) -> dict[str, Tensor]:
        """Every tensor that a resumed run needs."""
        groups = {"momentum": self.momentum, "mean": self.mean, "square": self.square}
        return {f"{group}.{name}": t for group, tensors in groups.items() for name, t in tensors.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` gave."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])


def _gradient(weight: Tensor) -> Tensor:
    if weight.grad is None:
        raise RuntimeError("Optimizer.step was called before backward: a parameter has no gradient.")
    return weight.grad
