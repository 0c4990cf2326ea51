"""Steps, sheets, records and checkpoints until the budget is used up."""

from __future__ import annotations

import json

from doesnotexist_stylegan2.train.export import CARD, FIGURES, WEIGHTS
from doesnotexist_stylegan2.train.loop import CHECKPOINT, RECORD, Clock, Rhythm, keep_best, train
from doesnotexist_stylegan2.train.schedule import Budget


def test_a_clock_is_due_once_a_stretch():
    clock = Clock(10, now=5)

    assert [clock.due(t) for t in (14, 15, 16, 24, 40, 41)] == [False, True, False, False, True, False]


def test_a_run_ends_with_its_budget_and_leaves_its_traces(new_run, judge, tmp_path):
    run, told = new_run(), []

    train(run, Budget(images=12), tmp_path, lambda *news: told.append(news), judge, Rhythm(record=0.0))

    assert run.images == 12
    assert [round(progress, 2) for _, _, progress in told] == [0, 0.33, 0.67]
    sheets = {"sheet-00000012-psi0.7.png", "sheet-00000012-psi1.0.png"}
    files = {CHECKPOINT, RECORD, WEIGHTS, FIGURES, CARD, *sheets}
    assert {path.name for path in tmp_path.iterdir()} == files
    *steps, end = [json.loads(line) for line in (tmp_path / RECORD).read_text().splitlines()]
    assert [(line["images"], line["rate"]) for line in steps] == [(4, 2e-3), (8, 2e-3), (12, 7e-4)]
    assert end["frechet"] == run.best == json.loads((tmp_path / FIGURES).read_text())["frechet"]


def test_the_best_generator_is_kept(new_run, judge, tmp_path):
    run = new_run()
    keep_best(run, judge, tmp_path)
    first, best = (tmp_path / WEIGHTS).read_bytes(), run.best

    run.step(0.0)
    run.best = 0.0
    keep_best(run, judge, tmp_path)  # worse than that
    assert (tmp_path / WEIGHTS).read_bytes() == first

    run.best = 2 * best
    keep_best(run, judge, tmp_path)
    assert (tmp_path / WEIGHTS).read_bytes() != first
    assert run.best == run.verdict.frechet < 2 * best


def test_a_used_up_budget_is_no_step(new_run, judge, tmp_path):
    run = new_run()
    run.images = 12

    train(run, Budget(images=12), tmp_path, lambda *_: None, judge)

    assert run.images == 12
