"""A run that was stopped and resumed is the run that was not."""

from __future__ import annotations

import pytest
import torch

from doesnotexist.errors import InvalidParameter, WeightsInvalid
from doesnotexist_stylegan2.train import checkpoint


def test_resumed_equals_uninterrupted(new_run, tmp_path):
    whole = new_run()
    reports = [whole.step(0.1) for _ in range(4)]

    first = new_run()
    for _ in range(2):
        first.step(0.1)
    first.seconds = 12.5
    checkpoint.write(first, tmp_path / "run.safetensors")
    second = new_run(seed=99)  # whatever it drew before is forgotten
    checkpoint.restore(second, tmp_path / "run.safetensors")

    assert (second.images, second.seconds) == (8, 12.5)
    assert [second.step(0.1) for _ in range(2)] == reports[2:]
    for name in whole.saved:
        expected, found = whole.saved[name].state_dict(), second.saved[name].state_dict()
        assert expected.keys() == found.keys()
        assert all(torch.equal(found[key], tensor) for key, tensor in expected.items()), name


def test_a_run_is_saved_before_its_first_step_too(new_run, tmp_path):
    checkpoint.write(new_run(), tmp_path / "run.safetensors")
    resumed = new_run(seed=3)
    checkpoint.restore(resumed, tmp_path / "run.safetensors")

    assert resumed.step(0.0) == new_run().step(0.0)


def test_only_the_checkpoint_is_left_behind(new_run, tmp_path):
    checkpoint.write(new_run(), tmp_path / "run.safetensors")

    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


def test_other_settings_are_refused(new_run, tmp_path):
    checkpoint.write(new_run(), tmp_path / "run.safetensors")

    with pytest.raises(InvalidParameter, match="resume"):
        checkpoint.restore(new_run(batch=8), tmp_path / "run.safetensors")


def test_what_is_no_checkpoint_is_refused(new_run, tmp_path):
    (tmp_path / "run.safetensors").write_bytes(b"\x80\x04.")

    with pytest.raises(WeightsInvalid, match="not a checkpoint"):
        checkpoint.restore(new_run(), tmp_path / "run.safetensors")
