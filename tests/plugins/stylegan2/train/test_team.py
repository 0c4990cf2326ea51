"""Workers that train one generator together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.multiprocessing.spawn import spawn

from doesnotexist_stylegan2.train.schedule import Budget
from doesnotexist_stylegan2.train.session import Plan, Settings, train_to_file
from doesnotexist_stylegan2.train.team import ALONE, Team, best_size


def test_alone_everything_is_ones_own():
    batch = torch.arange(6)

    assert torch.equal(ALONE.share(batch), batch)
    assert torch.equal(ALONE.mean(batch)[0], batch)


def test_shares_are_the_batch():
    shares = [Team(rank, 3).share(torch.arange(8)) for rank in range(3)]

    assert sorted(torch.cat(shares).tolist()) == list(range(8))


def test_streams_differ_between_workers_and_leave_the_common_one_alike():
    randoms = [torch.Generator().manual_seed(0) for _ in range(2)]

    one, other = (torch.rand(3, generator=Team(i, 2).own(randoms[i])) for i in range(2))

    assert not torch.equal(one, other)
    assert torch.equal(randoms[0].get_state(), randoms[1].get_state())


@pytest.mark.parametrize(("device", "batch", "most"), [("cuda", 64, 1), ("cpu", 9, 1), ("cpu", 32, 4)])
def test_no_more_workers_than_the_batch_feeds(device, batch, most):
    assert 1 <= best_size(device, batch) <= most


def worker(rank: int, folder: Path) -> None:
    team = Team.join(rank, 2, folder / "meeting")
    layer = nn.Linear(2, 1)
    for value, parameter in enumerate(layer.parameters()):
        parameter.grad = torch.full_like(parameter, float(rank + value))
    team.average_gradients(layer.parameters())
    mine = torch.tensor([float(rank)])
    team.of_the_first(mine)
    found = [*(float(p.grad.mean()) for p in layer.parameters()), float(mine)]
    (folder / f"{rank}.json").write_text(json.dumps(found))


def test_gradients_are_averaged_and_the_first_one_is_followed(tmp_path):
    spawn(worker, (tmp_path,), nprocs=2)

    assert [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)] == [[0.5, 1.5, 0.0]] * 2


def test_two_workers_train_and_one_goes_on(pictures, tmp_path):
    def sitting(images, workers):
        settings = Settings(resolution=32, batch=16, workers=workers)
        return train_to_file(Plan(pictures, tmp_path / "out", settings, Budget(images=images), images > 32))

    before = load_file(sitting(32, workers=2))
    after = load_file(sitting(48, workers=1))

    steps = [json.loads(line) for line in (tmp_path / "out" / "record.jsonl").read_text().splitlines()]
    assert [line["images"] for line in steps if "frechet" in line] == [32, 48]
    assert all(torch.isfinite(tensor).all() for tensor in after.values())
    assert before.keys() == after.keys()
