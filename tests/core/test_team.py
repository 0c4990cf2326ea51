"""Workers that train one model together."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import torch
from torch import nn

from doesnotexist.team import ALONE, Team


def test_alone_everything_is_ones_own():
    batch = torch.arange(6)

    assert torch.equal(ALONE.share(batch), batch)
    assert torch.equal(ALONE.mean(batch)[0], batch)


def test_shares_are_the_batch():
    shares = [Team(rank, 3).share(torch.arange(8)) for rank in range(3)]

    assert sorted(torch.cat(shares).tolist()) == list(range(8))


def test_a_batch_too_small_to_part_goes_to_everyone():
    rows = np.zeros((2, 5), np.uint16)

    assert all(len(Team(rank, 3).share(rows)) == 2 for rank in range(3))


def test_alone_nothing_is_averaged():
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()

    assert float(ALONE.average_gradients(layer.parameters(), torch.tensor([0.25]))[0]) == 0.25
    assert layer.weight.grad.tolist() == [[1.0, 1.0]]


def test_streams_differ_between_workers_and_leave_the_common_one_alike():
    randoms = [torch.Generator().manual_seed(0) for _ in range(2)]

    one, other = (torch.rand(3, generator=Team(i, 2).own(randoms[i])) for i in range(2))

    assert not torch.equal(one, other)
    assert torch.equal(randoms[0].get_state(), randoms[1].get_state())


# what each of two processes runs: pytest loads this file by its path, so its functions cannot be sent to them
WORKER = """
import json, sys
from pathlib import Path
import torch
from torch import nn
from doesnotexist.team import Team

rank, folder = int(sys.argv[1]), Path(sys.argv[2])
team = Team.join(rank, 2, folder / "meeting")
layer = nn.Linear(2, 1)
for value, parameter in enumerate(layer.parameters()):
    parameter.grad = torch.full_like(parameter, float(rank + value))
(other,) = team.average_gradients(layer.parameters(), torch.tensor([10.0 * rank]))
mine = torch.tensor([float(rank)])
team.of_the_first(mine)
found = [*(float(p.grad.mean()) for p in layer.parameters()), float(mine), float(other)]
team.leave()
print(json.dumps(found))
"""


def test_gradients_are_averaged_and_the_first_one_is_followed(tmp_path):
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(rank), str(tmp_path)], stdout=subprocess.PIPE)
        for rank in range(2)
    ]

    answers = [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]

    assert answers == [[0.5, 1.5, 0.0, 5.0]] * 2
