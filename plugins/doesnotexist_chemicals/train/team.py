"""Workers that train one model together: one thread each, gradients averaged after every step.

On a shared CPU two one-thread processes beat one process of two threads: there is one barrier a step,
not one an operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import distributed, nn

from ..tokens import Ids


@dataclass(frozen=True)
class Team:
    """This worker's place among `size` workers."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, rank: int, size: int, meeting: Path) -> Team:
        """Wait for the others at a file that all can see."""
        torch.set_num_threads(1)
        if size > 1:
            where = f"file://{meeting}"
            distributed.init_process_group("gloo", init_method=where, rank=rank, world_size=size)
        return cls(rank, size)

    def leave(self) -> None:
        """The work of all is done: this process may join another team."""
        if self.size > 1:
            distributed.barrier()  # who left first would break the connections of the others
            distributed.destroy_process_group()

    def share(self, rows: Ids) -> Ids:
        """This worker's part of a batch; a batch too small to part goes to everyone."""
        return rows if len(rows) < self.size else np.array_split(rows, self.size)[self.rank]

    def average(self, model: nn.Module, lasted: float) -> float:
        """Replace every gradient by its mean over the team, in one message; returns the mean of `lasted`."""
        if self.size == 1:
            return lasted
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([*(g.flatten() for g in gradients), torch.tensor([lasted])])
        distributed.all_reduce(flat)
        flat /= self.size
        at = 0
        for gradient in gradients:
            gradient.copy_(flat[at : at + gradient.numel()].view_as(gradient))
            at += gradient.numel()
        return float(flat[-1])


ALONE = Team()
