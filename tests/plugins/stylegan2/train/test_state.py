"""One step of training."""

from __future__ import annotations

import torch


def test_a_step_moves_both_sides_and_the_average(new_run):
    run = new_run()
    before = {
        name: [p.clone() for p in run.saved[name].parameters()]
        for name in ("generator", "average", "discriminators")
    }

    report = run.step(0.0)

    for name, parameters in before.items():
        after = run.saved[name].parameters()
        assert any(not torch.equal(a, b) for a, b in zip(parameters, after, strict=True)), name
    assert run.images == 4
    assert 0.05 < report.deviation < 1  # pictures start inside the range of real ones
    assert -1 <= report.fake_sign <= 1


def test_the_same_seed_is_the_same_run(new_run):
    one, other, third = new_run(), new_run(), new_run(seed=1)

    assert one.step(0.0) == other.step(0.0) != third.step(0.0)


def test_the_learning_rate_follows_the_progress(new_run):
    run = new_run()

    run.step(0.9)

    assert run.optimise_generator.param_groups[0]["lr"] == 2e-4


def test_frozen_things_stay_as_they_are(new_run):
    run = new_run()
    before = {name: tensor.clone() for name, tensor in run.adversary.looker.state_dict().items()}

    run.step(0.0)

    assert all(
        torch.equal(tensor, before[name]) for name, tensor in run.adversary.looker.state_dict().items()
    )
