"""The loop learns, keeps its budget, and resumes as if it had never stopped."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch

from doesnotexist_chemicals.model import Config
from doesnotexist_chemicals.tokens import Vocabulary
from doesnotexist_chemicals.train.corpus import Corpus
from doesnotexist_chemicals.train.trainer import Trainer, rate_share


@pytest.fixture
def corpus(vocabulary: Vocabulary, molecules: list[str]) -> Corpus:
    return Corpus(*vocabulary.encode(molecules))


def trainer(corpus: Corpus, vocabulary: Vocabulary, seconds: float) -> Trainer:
    torch.set_num_threads(1)
    return Trainer(Config(len(vocabulary), layers=1, width=64), corpus, corpus, seconds=seconds)


def ticking() -> float:
    """A clock that advances by a second a look, from any start."""
    return float(next(_TICKS))


_TICKS = itertools.count()


def test_it_learns_and_keeps_its_budget(corpus: Corpus, vocabulary: Vocabulary) -> None:
    run = trainer(corpus, vocabulary, seconds=60)
    before = run.watch()
    losses = list(run.run(ticking))

    assert run.watch() < before - 5
    assert losses[-1] < losses[0]
    assert run.progress.seconds == 60
    assert run.progress.step == len(losses)
    assert run.progress.molecules >= len(losses)


def test_a_resumed_run_ends_where_an_unbroken_one_does(
    corpus: Corpus, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    unbroken = trainer(corpus, vocabulary, seconds=30)
    list(unbroken.run(ticking))

    first = trainer(corpus, vocabulary, seconds=30)
    for _ in itertools.islice(first.run(ticking), 11):
        pass
    first.save(tmp_path / "checkpoint.safetensors")
    second = trainer(corpus, vocabulary, seconds=30)
    second.load(tmp_path / "checkpoint.safetensors")
    list(second.run(ticking))

    assert vars(second.progress) == vars(unbroken.progress)
    for name, tensor in second.average.state_dict().items():
        assert torch.equal(tensor, unbroken.average.state_dict()[name])


def test_the_rate_warms_up_stays_and_falls_to_zero() -> None:
    assert rate_share(0, 0.0) == 0.01
    assert rate_share(1000, 0.3) == 1.0
    assert rate_share(1000, 0.75) == pytest.approx(0.5)
    assert rate_share(1000, 1.2) == 0.0
