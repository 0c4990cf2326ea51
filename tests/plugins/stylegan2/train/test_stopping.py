"""The first signal ends the run after its step, the second one at once."""

from __future__ import annotations

import signal

import pytest

from doesnotexist_stylegan2.train.checkpoint import restore
from doesnotexist_stylegan2.train.loop import CHECKPOINT, train
from doesnotexist_stylegan2.train.schedule import Budget
from doesnotexist_stylegan2.train.stopping import Stop


def test_one_signal_asks_and_another_one_interrupts():
    with Stop() as stop:
        assert not stop.asked
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_afterwards_signals_are_what_they_were():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Stop():
        pass

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_interrupted_run_can_go_on(new_run, judge, tmp_path):
    run = new_run()

    def ask_once(*_):
        if run.images == 4:
            signal.raise_signal(signal.SIGTERM)

    train(run, Budget(images=400), tmp_path, ask_once, judge)

    assert run.images == 8
    resumed = new_run(seed=9)
    restore(resumed, tmp_path / CHECKPOINT)
    assert resumed.images == 8
