import sys
import threading
import time
from itertools import chain

import numpy as np
import pytest

from doesnotexist import Media, Picture, Recipe
from doesnotexist.engine import Dispatcher, Job, Maker, wait
from doesnotexist.errors import (
    BadSample,
    DeadlineExceeded,
    EngineStopped,
    QueueFull,
    WeightsMissing,
)

PIXELS = np.zeros((8, 8, 3), np.uint8)


class Gate:
    """A sampler that works only while it is open; it keeps what it was asked for."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.batches: list[list[int]] = []

    def sample(self, recipes):
        self.entered.set()
        assert self.open.wait(10)
        self.batches.append([recipe.seed for recipe in recipes])
        return [Picture(PIXELS) for _ in recipes]


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def card(zoo):
    return zoo.card("stripes", "stripes/one")


def engine_of(sampler, **options):
    return Dispatcher([Maker(lambda _card: sampler)], most=lambda _card: 4, **options)


def job(card, seed=0, format="png"):
    return Job(card, Recipe(card.id, card.digest, seed, {}), format)


def test_requests_that_wait_together_are_made_together(gate, card):
    engine = engine_of(gate)
    gate.open.set()
    for seed in (100, 101):
        wait(engine.submit(job(card, seed)), 10)  # now the pace of the model is known
    gate.open.clear()
    gate.entered.clear()
    running = engine.submit(job(card))
    gate.entered.wait(10)
    futures = [engine.submit(job(card, seed)) for seed in range(1, 7)]
    gate.open.set()
    assert all(wait(future, 10).data for future in [running, *futures])
    assert list(chain(*gate.batches))[2:] == list(range(7))
    assert max(map(len, gate.batches)) > 1
    assert max(map(len, gate.batches)) <= 4
    engine.close()


def test_a_batch_is_of_one_model(gate, zoo):
    one, two = zoo.card("stripes", "stripes/one"), zoo.card("stripes", "stripes/two")
    two = two.model_copy(update={"id": "stripes/two"})
    engine = engine_of(gate)
    first = engine.submit(job(one))
    gate.entered.wait(10)
    futures = [engine.submit(job(card, seed)) for seed, card in enumerate((one, two, one, two), 1)]
    gate.open.set()
    for future in [first, *futures]:
        wait(future, 10)
    models = [[seed % 2 for seed in batch] for batch in gate.batches[1:]]
    assert all(len(set(batch)) == 1 for batch in models)
    assert sorted(chain(*gate.batches)) == [0, 1, 2, 3, 4]
    engine.close()


def test_a_full_queue_refuses_at_once(gate, card):
    engine = engine_of(gate, queue_size=2)
    running = engine.submit(job(card))
    gate.entered.wait(10)
    waiting = [engine.submit(job(card, seed)) for seed in (1, 2)]
    started = time.monotonic()
    with pytest.raises(QueueFull) as caught:
        engine.submit(job(card, 3))
    assert time.monotonic() - started < 0.05
    assert caught.value.depth == 2
    assert caught.value.retry_after_s >= 1
    gate.open.set()
    for future in [running, *waiting]:
        wait(future, 10)
    engine.close()


def test_time_in_the_queue_counts(gate, card):
    engine = engine_of(gate, deadline_s=0.05)
    running = engine.submit(job(card))
    gate.entered.wait(10)
    late = engine.submit(job(card, 1))
    time.sleep(0.1)
    gate.open.set()
    wait(running, 10)
    with pytest.raises(DeadlineExceeded):
        late.result(10)
    assert gate.batches == [[0]]  # what nobody waits for is not made
    engine.close()


def test_a_caller_that_gave_up_costs_nothing(gate, card):
    engine = engine_of(gate)
    running = engine.submit(job(card))
    gate.entered.wait(10)
    with pytest.raises(DeadlineExceeded):
        wait(engine.submit(job(card, 1)), 0.01)
    gate.open.set()
    wait(running, 10)
    wait(engine.submit(job(card, 2)), 10)
    assert gate.batches == [[0], [2]]
    engine.close()


def test_closing_refuses_what_waits_and_what_comes(gate, card):
    engine = engine_of(gate)
    running = engine.submit(job(card))
    gate.entered.wait(10)
    waiting = engine.submit(job(card, 1))
    closer = threading.Thread(target=engine.close)
    closer.start()
    with pytest.raises(EngineStopped):
        waiting.result(10)
    gate.open.set()
    closer.join(10)
    assert running.result(0).data
    with pytest.raises(EngineStopped):
        engine.submit(job(card))


class Bad:
    """A sampler that does one wrong thing."""

    def __init__(self, answer):
        self.answer = answer

    def sample(self, recipes):
        return self.answer(recipes)


class Huge:
    def facts(self):
        return {}

    def encode(self, format, size):
        return bytes(33 * 2**20)


class Empty(Huge):
    def encode(self, format, size):
        return b""


class Text(Huge):
    def encode(self, format, size):
        return "<script>"


class Rude(Huge):
    def facts(self):
        raise KeyError("facts")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: 1 / 0, "failed to sample: ZeroDivisionError"),
        (lambda _: sys.exit(3), "failed to sample: SystemExit"),
        (lambda _: None, "gave NoneType, not 1 samples"),
        (lambda _: [], "gave list, not 1 samples"),
        (lambda _: [None], "which is no sample"),
        (lambda _: [Huge()], "must give 1 to"),
        (lambda _: [Empty()], "must give 1 to"),
        (lambda _: [Text()], "must give 1 to"),
        (lambda _: [Rude()], "failed to encode: KeyError"),
        (lambda _: [Picture("pixels")], "failed to encode: "),
    ],
)
def test_a_bad_sampler_costs_its_own_request_only(answer, reason, card):
    engine = engine_of(Bad(answer))
    for _ in range(2):
        with pytest.raises(BadSample, match=reason):
            wait(engine.submit(job(card)), 10)
    engine.close()


def test_a_model_that_cannot_be_loaded_says_why(card):
    def missing(_card):
        raise WeightsMissing("stripes/one", "weights", "fetch them")

    engine = Dispatcher([Maker(missing)])
    with pytest.raises(WeightsMissing):
        wait(engine.submit(job(card)), 10)
    engine.close()


def test_facts_that_are_no_json_are_the_plugins_fault(card):
    class Odd(Huge):
        def facts(self):
            return {"x": float("nan")}

    engine = engine_of(Bad(lambda _: [Odd()]))
    with pytest.raises(BadSample, match="failed to encode: ValueError"):
        wait(engine.submit(job(card, format="json")), 10)
    engine.close()


class Pairs:
    """A sampler of which two must be at work at once, or nothing comes of it."""

    side_by_side = True

    def __init__(self) -> None:
        self.both = threading.Barrier(2, timeout=10)

    def sample(self, recipes):
        assert len(recipes) == 1
        self.both.wait()
        if recipes[0].seed == 3:
            raise ArithmeticError("three")
        return [Picture(np.full((8, 8, 3), recipes[0].seed, np.uint8))]


def test_samples_that_may_be_made_side_by_side_are_in_order_and_fail_alone(card):
    maker = Maker(lambda _card: Pairs(), threads=2)
    outcomes = list(maker.make([job(card, seed) for seed in range(6)]))
    maker.close()
    assert [type(outcome).__name__ for outcome in outcomes] == ["Media"] * 3 + ["BadSample"] + ["Media"] * 2
    assert len({outcome.data for outcome in outcomes if isinstance(outcome, Media)}) == 5
    alone = Maker(lambda _card: Gate())
    assert alone._pool is None
