"""Equal jobs together, a fair turn for each domain, refusals at once, work dropped when nobody waits."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from doesnotexist import Picture, Recipe
from doesnotexist.engine import Dispatcher, Finished, Job, Maker, wait
from doesnotexist.engine.circuits import Circuits
from doesnotexist.engine.figures import Histogram
from doesnotexist.engine.paces import Paces
from doesnotexist.errors import BadSample, CircuitOpen, DeadlineExceeded, QueueFull, WorkerDied

PIXELS = np.zeros((8, 8, 3), np.uint8)


class Slow:
    """Takes `each` seconds for a sample; keeps the seeds it was asked for."""

    def __init__(self, each=0.0):
        self.each, self.seeds = each, []
        self.open = threading.Event()
        self.open.set()

    def sample(self, recipes):
        assert self.open.wait(20)
        time.sleep(self.each * len(recipes))
        self.seeds += [recipe.seed for recipe in recipes]
        return [Picture(PIXELS) for _ in recipes]


@pytest.fixture
def card(zoo):
    return zoo.card("stripes", "stripes/one")


def of_domain(card, domain, name="one"):
    return card.model_copy(update={"id": f"{domain}/{name}", "domain": domain})


def job(card, seed=0, format="png", size=None):
    return Job(card, Recipe(card.id, card.digest, seed, {}), format, size)


@pytest.fixture
def engine_of():
    """Engines with a sampler for each domain, or one for all; closed at the end."""
    engines = []

    def make(samplers, **options):
        load = samplers.__getitem__ if isinstance(samplers, dict) else lambda _domain: samplers
        options = {"most": lambda _card: 8, **options}
        engines.append(Dispatcher([Maker(lambda card: load(card.domain))], **options))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def test_a_thousand_callers_of_one_sample_are_one_generation(zoo, stripes):
    with ThreadPoolExecutor(100) as pool:
        futures = [pool.submit(zoo._submit, zoo.recipe("stripes", 7)) for _ in range(1000)]
        media = {future.result(20).result(20).data for future in futures}
    assert len(media) == 1
    status = zoo.status()
    assert status["made"] + status["coalesced"] == 1000


def test_a_thousand_callers_are_one_generation_however_late(engine_of, card):
    sampler = Slow(0.05)
    engine = engine_of(sampler, finished=Finished(2**20))
    with ThreadPoolExecutor(50) as pool:
        made = list(pool.map(lambda _: wait(engine.submit(job(card)), 20), range(1000)))
    assert len(made) == 1000
    assert sampler.seeds == [0]


def test_another_format_or_size_is_another_job(engine_of, card):
    sampler = Slow()
    engine = engine_of(sampler)
    sampler.open.clear()
    jobs = [job(card), job(card, format="jpeg"), job(card, size=16), job(card)]
    futures = [engine.submit(one) for one in jobs]
    sampler.open.set()
    sizes = [len(wait(future, 10).data) for future in futures]
    assert sizes[0] == sizes[3]
    assert engine.status()["coalesced"] == 1
    assert len(sampler.seeds) == 3


def test_a_failure_is_shared_and_not_kept(engine_of, card):
    class Once(Slow):
        def sample(self, recipes):
            super().sample(recipes)
            if len(self.seeds) == 1:
                raise ValueError("bad luck")
            return [Picture(PIXELS) for _ in recipes]

    sampler = Once()
    engine = engine_of(sampler, finished=Finished(2**20))
    sampler.open.clear()
    futures = [engine.submit(job(card)) for _ in range(5)]
    sampler.open.set()
    errors = [future.exception(10) for future in futures]
    assert {type(error) for error in errors} == {BadSample}
    assert len({id(error) for error in errors}) == 5  # each caller raises his own
    assert wait(engine.submit(job(card)), 10).data


def test_one_who_gives_up_does_not_take_it_from_the_others(engine_of, card):
    sampler = Slow()
    engine = engine_of(sampler)
    sampler.open.clear()
    busy = engine.submit(job(card, 1))
    first, second = engine.submit(job(card, 2)), engine.submit(job(card, 2))
    assert first.cancel()
    sampler.open.set()
    assert wait(second, 10).data
    assert wait(busy, 10).data
    assert sampler.seeds == [1, 2]


def test_what_nobody_waits_for_is_not_made(engine_of, card):
    sampler = Slow()
    engine = engine_of(sampler)
    sampler.open.clear()
    busy = engine.submit(job(card, 1))
    time.sleep(0.05)
    for future in [engine.submit(job(card, 2)), engine.submit(job(card, 2))]:
        future.cancel()
    sampler.open.set()
    wait(busy, 10)
    wait(engine.submit(job(card, 3)), 10)
    assert sampler.seeds == [1, 3]
    assert engine.status()["abandoned"] == 1


def test_the_gone_do_not_fill_the_queue(engine_of, card):
    sampler = Slow()
    engine = engine_of(sampler, queue_size=3)
    sampler.open.clear()
    futures = [engine.submit(job(card))]
    time.sleep(0.05)
    gone = [engine.submit(job(card, seed)) for seed in (1, 2, 3)]
    with pytest.raises(QueueFull):
        engine.submit(job(card, 4))
    for future in gone:
        future.cancel()
    futures += [engine.submit(job(card, seed)) for seed in (5, 6, 7)]
    sampler.open.set()
    assert all(wait(future, 10).data for future in futures)
    assert sampler.seeds == [0, 5, 6, 7]


def test_a_slow_domain_does_not_starve_a_quick_one(engine_of, card):
    slow, quick = of_domain(card, "slow"), of_domain(card, "quick")
    engine = engine_of({"slow": Slow(0.05), "quick": Slow(0.001)}, most=lambda _card: 4)
    flood = [engine.submit(job(slow, seed)) for seed in range(60)]
    longest = 0.0
    for seed in range(10):
        started = time.monotonic()
        wait(engine.submit(job(quick, seed)), 20)
        longest = max(longest, time.monotonic() - started)
    done = sum(future.done() for future in flood)
    assert done < 50, "the quick ones came only after the slow ones"
    assert longest < 1.5  # a batch of the slow domain takes 0.2 s
    for future in flood:
        future.cancel()


def test_domains_that_wait_get_equal_time_not_equal_turns(engine_of, card):
    slow, quick = of_domain(card, "slow"), of_domain(card, "quick")
    samplers = {"slow": Slow(0.04), "quick": Slow(0.004)}
    engine = engine_of(samplers, most=lambda _card: 4)
    futures = [engine.submit(job(slow, seed)) for seed in range(100)]
    futures += [engine.submit(job(quick, seed)) for seed in range(200)]
    time.sleep(2)
    made = {domain: len(sampler.seeds) for domain, sampler in samplers.items()}
    for future in futures:
        future.cancel()
    assert made["quick"] > 3 * made["slow"] > 0


def test_two_models_of_a_domain_have_one_share(card):
    paces = Paces()
    one, two = of_domain(card, "a"), of_domain(card, "a", "two")
    for model in (one, two):
        paces.spent(model, 1, 1.0, paces.turn(model, 1))
    assert paces.used("a") == pytest.approx(2)


def test_a_flood_in_one_domain_does_not_close_another(engine_of, card):
    slow, quick = of_domain(card, "slow"), of_domain(card, "quick")
    sampler = Slow()
    engine = engine_of({"slow": sampler, "quick": Slow()}, queue_size=5)
    sampler.open.clear()
    flood = [engine.submit(job(slow, seed)) for seed in range(5)]
    time.sleep(0.05)
    flood.append(engine.submit(job(slow, 5)))  # one is at work
    started = time.monotonic()
    with pytest.raises(QueueFull) as caught:
        engine.submit(job(slow, 6))
    assert time.monotonic() - started < 0.05
    assert caught.value.depth == 5
    welcome = engine.submit(job(quick))
    sampler.open.set()
    assert wait(welcome, 10).data
    assert all(wait(future, 10).data for future in flood)
    assert engine.status()["refused"] == 1


def test_a_job_that_could_not_be_made_in_time_is_refused_at_once(engine_of, card):
    engine = engine_of(Slow(0.05), deadline_s=0.5, most=lambda _card: 2)
    for seed in range(3):
        wait(engine.submit(job(card, seed)), 10)
    futures, refused = [], []
    for seed in range(100, 200):
        try:
            futures.append(engine.submit(job(card, seed)))
        except QueueFull as error:
            refused.append(error.depth)
    assert 3 < refused[0] < 30
    told = [future.exception(10) for future in futures]
    assert told.count(None) >= len(told) // 2


def test_a_batch_is_what_fits_in_a_second(card):
    paces = Paces()
    assert paces.room(card, 8) == 1  # the first comes soonest alone
    paces.spent(card, 1, 5.0, 0)  # with the load of the model
    paces.spent(card, 1, 0.3, 0)
    assert paces.room(card, 8) == 3
    assert paces.room(card, 8, seconds=0.25) == 1
    for _ in range(30):
        paces.spent(card, 8, 0.08, 0)
    assert paces.room(card, 8) == 8
    paces.spent(card, 1, 60.0, 0)  # loaded once more
    assert paces.room(card, 8) == 8


def test_a_histogram_counts_as_prometheus_does():
    histogram = Histogram((1, 2, 4))
    for value in (0.5, 1, 1.5, 4, 9):
        histogram.add(value)
    assert histogram.data() == {"at_most": [[1, 2], [2, 3], [4, 4]], "count": 5, "sum": 16.0}


def test_figures_are_told_by_domain(zoo):
    list(zoo.generate_many([zoo.recipe("stripes", seed) for seed in range(5)]))
    status = zoo.status()
    figures = status["domains"]["stripes"]
    assert figures["made"] == status["made"] == 5
    assert figures["seconds"]["count"] == 5
    assert 0 < figures["seconds"]["sum"] < 20
    assert figures["batch"]["count"] == figures["batches"]
    assert figures["batch"]["sum"] == 5


def test_a_circuit_opens_at_the_third_death_and_closes_again(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("doesnotexist.engine.circuits.time.monotonic", lambda: now[0])
    circuits = Circuits()
    for _ in range(3):
        circuits.check("cats")
        circuits.died("cats")
        now[0] += 20
    with pytest.raises(CircuitOpen) as caught:
        circuits.check("cats")
    assert caught.value.retry_after_s == 10
    circuits.check("dogs")
    now[0] += 11
    circuits.check("cats")
    circuits.died("cats")  # the third within a minute once more
    with pytest.raises(CircuitOpen):
        circuits.check("cats")
    now[0] += 61
    circuits.died("cats")
    circuits.check("cats")


def test_what_waits_is_told_when_its_circuit_opens(card):
    class Deadly:
        loaded, restarts = (), 0

        def ready(self, fell): ...
        def kill(self): ...
        def close(self): ...
        def make(self, jobs):
            time.sleep(0.05)
            raise WorkerDied(jobs[0].card.domain, "was ended by SIGSEGV")
            yield

    engine = Dispatcher([Deadly()], most=lambda _card: 1)
    futures = [engine.submit(job(card, seed)) for seed in range(6)]
    told = [type(future.exception(10)) for future in futures]
    assert told == [WorkerDied] * 3 + [CircuitOpen] * 3
    engine.close()


def test_a_deadline_is_each_callers_own(engine_of, card):
    sampler = Slow()
    engine = engine_of(sampler, deadline_s=0.5)
    sampler.open.clear()
    busy = engine.submit(job(card, 1))
    time.sleep(0.05)
    early = engine.submit(job(card, 2))
    time.sleep(0.4)
    late = engine.submit(job(card, 2))
    time.sleep(0.2)
    sampler.open.set()
    assert wait(busy, 10).data
    assert isinstance(early.exception(10), DeadlineExceeded)
    assert wait(late, 10).data
    assert sampler.seeds == [1, 2]


def test_models_beyond_the_budget_are_forgotten_the_oldest_first(card):
    loads = []

    def load(card):
        loads.append(card.id)
        return Slow()

    maker = Maker(load, budget=2 * card.size)
    cards = [of_domain(card, "a", name) for name in ("one", "two", "three")]
    for index in (0, 1, 0, 2, 0, 1):
        list(maker.make([job(cards[index])]))
    assert loads == ["a/one", "a/two", "a/three", "a/two"]
    assert maker.loaded == (cards[0].reference, cards[1].reference)


def test_a_model_larger_than_the_budget_still_works(card):
    maker = Maker(lambda _card: Slow(), budget=1)
    assert len(list(maker.make([job(card)]))) == 1
    assert maker.loaded == (card.reference,)
