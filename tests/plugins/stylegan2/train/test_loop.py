"""Steps, sheets, records and checkpoints until the budget is used up."""

from __future__ import annotations

import json

from doesnotexist_stylegan2.train.loop import CHECKPOINT, RECORD, Clock, Rhythm, train
from doesnotexist_stylegan2.train.schedule import Budget


def test_a_clock_is_due_once_a_stretch():
    clock = Clock(10, now=5)

    assert [clock.due(t) for t in (14, 15, 16, 24, 40, 41)] == [False, True, False, False, True, False]


def test_a_run_ends_with_its_budget_and_leaves_its_traces(new_run, tmp_path):
    run, told = new_run(), []

    train(run, Budget(images=12), tmp_path, lambda *news: told.append(news), Rhythm(record=0.0))

    assert run.images == 12
    assert [round(progress, 2) for _, _, progress in told] == [0, 0.33, 0.67]
    sheets = {"sheet-00000012-psi0.7.png", "sheet-00000012-psi1.0.png"}
    assert {path.name for path in tmp_path.iterdir()} == {CHECKPOINT, RECORD, *sheets}
    lines = [json.loads(line) for line in (tmp_path / RECORD).read_text().splitlines()]
    assert [(line["images"], line["rate"]) for line in lines] == [(4, 2e-3), (8, 2e-3), (12, 7e-4)]


def test_a_used_up_budget_is_no_step(new_run, tmp_path):
    run = new_run()
    run.images = 12

    train(run, Budget(images=12), tmp_path, lambda *_: None)

    assert run.images == 12
