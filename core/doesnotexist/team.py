"""Workers that train one model together: one thread each, gradients averaged after every pass.

For the trainers of plugins; nothing that serves imports it. On a shared CPU two processes of one thread make
80 to 92 pictures a second where one process of two threads makes 60 to 77: there is one barrier a pass, not
one an operator.

All workers draw the same random numbers and take their share of the batch, so that a checkpoint of the first
is one of all, and a run can go on with another number of workers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy.typing as npt
import torch
from torch import Tensor, distributed, nn

Rows = TypeVar("Rows", Tensor, npt.NDArray[Any])


@dataclass(frozen=True)
class Team:
    """This worker's place among `size` workers."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, rank: int, size: int, meeting: Path) -> Team:
        """Wait for the others at a file that all can see."""
        if size > 1:
            torch.set_num_threads(1)
            where = f"file://{meeting}"
            distributed.init_process_group("gloo", init_method=where, rank=rank, world_size=size)
        return cls(rank, size)

    def leave(self) -> None:
        """The work of all is done: this process may join another team."""
        if self.size > 1:
            distributed.barrier()  # who left first would break the connections of the others
            distributed.destroy_process_group()

    def share(self, batch: Rows) -> Rows:
        """This worker's rows of what all of them have; a batch too small to part goes to everyone."""
        return batch if len(batch) < self.size else batch[self.rank :: self.size]

    def own(self, random: torch.Generator) -> torch.Generator:
        """A stream of this worker's own, for what it draws for its share alone."""
        seed = int(torch.randint(2**62, (), generator=random))
        return torch.Generator().manual_seed(seed + self.rank)

    def mean(self, *tensors: Tensor) -> list[Tensor]:
        """Their means over the team, in one message."""
        if self.size == 1:
            return list(tensors)
        flat = torch.cat([tensor.detach().flatten().float() for tensor in tensors])
        distributed.all_reduce(flat)
        parts = torch.split(flat / self.size, [tensor.numel() for tensor in tensors])
        return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]

    def of_the_first(self, *tensors: Tensor) -> None:
        """Overwrite them with those of the first worker."""
        if self.size > 1:
            for tensor in tensors:
                distributed.broadcast(tensor, src=0)

    def average_gradients(self, parameters: Iterable[nn.Parameter], *others: Tensor) -> list[Tensor]:
        """Replace every gradient by its mean over the team; returns the means of `others`."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        means = self.mean(*gradients, *others)
        for gradient, mean in zip(gradients, means, strict=False):
            gradient.copy_(mean)
        return means[len(gradients) :]


ALONE = Team()
