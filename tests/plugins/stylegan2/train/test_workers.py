"""Several processes train one generator."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

from doesnotexist_stylegan2.train.schedule import Budget
from doesnotexist_stylegan2.train.session import Plan, Settings, best_size, train_to_file


@pytest.mark.parametrize(("device", "batch", "most"), [("cuda", 64, 1), ("cpu", 9, 1), ("cpu", 32, 4)])
def test_no_more_workers_than_the_batch_feeds(device, batch, most):
    assert 1 <= best_size(device, batch) <= most


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
