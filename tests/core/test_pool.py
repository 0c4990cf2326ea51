"""The pool: finished samples that nobody has seen, at hand at once, shared out as they are asked for."""

import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from doesnotexist import Generator, Media, Picture, Recipe, Zoo
from doesnotexist.engine import Job, Pool
from doesnotexist.errors import QueueFull, UnknownDomain, WeightsMissing


@pytest.fixture
def pooled(settings, zoo):
    """A zoo whose pool holds some twenty stripes."""
    with Zoo(settings.model_copy(update={"pool_bytes": 40_000}), zoo.plugins) as pooled:
        yield pooled


def ready(zoo, domain="stripes"):
    return zoo.status()["pool"].get(domain, {"ready": 0})["ready"]


def filled(zoo):
    """Wait until the pool does not grow any more; gives its level."""
    end, level = time.monotonic() + 20, -1
    while level != ready(zoo) or not level:
        assert time.monotonic() < end
        level = ready(zoo)
        time.sleep(0.2)
    return level


def test_without_a_pool_a_fresh_one_is_made_now(zoo):
    creation = zoo.fresh("stripes")
    assert creation.source == "made"
    assert creation.media.format == "jpeg"
    assert zoo.status()["pool"]["stripes"]["ready"] == 0
    with pytest.raises(UnknownDomain):
        zoo.fresh("unicorns")


def test_a_full_pool_gives_at_once_what_nobody_has_seen(pooled):
    assert pooled.fresh("stripes").source == "made"
    level = filled(pooled)
    started = time.monotonic()
    creations = [pooled.fresh("stripes") for _ in range(level // 2)]
    assert (time.monotonic() - started) / len(creations) < 0.02
    assert {creation.source for creation in creations} == {"pool"}
    assert len({creation.data for creation in creations}) == len(creations)
    one = creations[0]
    assert pooled.render(one.recipe).data == one.data
    assert one.record["exists"] is False


def test_the_pool_stays_within_its_bytes_and_then_rests(pooled):
    pooled.fresh("stripes")
    filled(pooled)
    status = pooled.status()["pool"]["stripes"]
    assert 20_000 < status["bytes"] <= 40_000
    before = resource.getrusage(resource.RUSAGE_SELF)
    spare = pooled.status()["spare"]
    time.sleep(0.5)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert pooled.status()["spare"] == spare
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.1


def test_no_sample_is_given_twice_to_many_at_once(pooled):
    pooled.fresh("stripes")
    level = filled(pooled)
    with ThreadPoolExecutor(16) as pool:
        creations = list(pool.map(lambda _: pooled.fresh("stripes"), range(3 * level)))
    assert len({str(creation.recipe) for creation in creations}) == 3 * level


def test_it_fills_up_again(pooled):
    pooled.fresh("stripes")
    level = filled(pooled)
    for _ in range(level):
        pooled.fresh("stripes")
    assert abs(filled(pooled) - level) <= 2


def test_another_model_means_another_pool(pooled, settings):
    pooled.fresh("stripes")
    filled(pooled)
    first = pooled.card("stripes")
    other = pooled.card("stripes", "stripes/two")
    pooled.registry._cards = {other.id: other, first.id: first}
    time.sleep(1.1)  # which model is served is looked up once a second
    creation = pooled.fresh("stripes")
    assert (creation.source, creation.recipe.model) == ("made", "stripes/two")
    filled(pooled)
    creation = pooled.fresh("stripes")
    assert (creation.source, creation.recipe.model) == ("pool", "stripes/two")


def test_a_shown_sample_is_kept_for_its_permalink(settings, zoo, stripes):
    both = settings.model_copy(update={"pool_bytes": 40_000, "media_bytes": 10_000})
    with Zoo(both, zoo.plugins) as kept:
        kept.fresh("stripes")
        filled(kept)
        creation = kept.fresh("stripes")
        filled(kept)
        made = sum(stripes.sampler.batches)
        assert kept.render(creation.recipe).data == creation.data
        assert sum(stripes.sampler.batches) == made


def test_a_domain_that_fails_is_not_tried_for_ever(pooled, settings):
    (stored,) = (settings.store / "sha256").glob("*/*")
    stored.write_bytes(bytes(stored.stat().st_size))
    pooled.warm(["stripes"])
    time.sleep(0.3)
    failed = pooled.status()
    time.sleep(0.3)
    assert pooled.status() == failed
    stored.unlink(missing_ok=True)
    with pytest.raises(WeightsMissing):
        pooled.fresh("stripes")


# How a pool chooses, without an engine.

ROOM = 4


def job_of(zoo, domain):
    card = zoo.card("stripes").model_copy(update={"id": f"{domain}/x", "domain": domain})
    job_of.seed += 1
    return Job(card, Recipe(card.id, card.digest, job_of.seed, {}), "png")


job_of.seed = 0


def fill(pool, size=1000, limit=10_000):
    """Do what the pool wants until it is content; gives the domains in the order of batches."""
    order = []
    for _ in range(limit):
        jobs = pool.wanted(lambda _card: ROOM)
        if not jobs:
            return order
        order.append(jobs[0].card.domain)
        for job in jobs:
            pool.add(job, Media(bytes(size), "png", {}))
    raise AssertionError("never content")


@pytest.fixture
def pool(zoo):
    return Pool(500_000, lambda: ["a", "b", "c"], lambda domain: job_of(zoo, domain))


def test_domains_nobody_asked_for_share_alike(pool):
    fill(pool)
    levels = {domain: s["bytes"] for domain, s in pool.status().items()}
    assert levels.keys() == {"a", "b", "c"}
    assert sum(levels.values()) <= 500_000
    assert max(levels.values()) - min(levels.values()) < 20_000
    assert min(levels.values()) > 140_000


def test_models_are_not_loaded_in_turn(pool):
    order = fill(pool)
    changes = sum(a != b for a, b in pairwise(order))
    assert changes <= 5


def test_what_is_asked_for_gets_the_room(pool, zoo):
    fill(pool)
    card = job_of(zoo, "a").card
    for _ in range(300):
        pool.pop(card)
        fill(pool)
    levels = {domain: s["bytes"] for domain, s in pool.status().items()}
    assert levels["a"] > 3 * levels["b"] > 0
    assert levels["a"] > 3 * levels["c"] > 0
    assert sum(levels.values()) <= 500_000


def test_the_dry_come_first(pool, zoo):
    fill(pool)
    card = job_of(zoo, "b").card
    while pool.pop(card):
        pass
    assert pool.wanted(lambda _card: ROOM)[0].card.domain == "b"


def test_a_domain_that_cannot_be_had_is_left_out(zoo):
    def order(domain):
        if domain == "b":
            raise WeightsMissing("b/x", "w", "fetch them")
        return job_of(zoo, domain)

    pool = Pool(100_000, lambda: ["a", "b"], order)
    assert pool.wanted(lambda _card: ROOM)
    assert set(fill(pool)) <= {"a"}


def test_a_budget_too_small_for_one_is_no_budget(zoo):
    pool = Pool(1000, lambda: ["a"], lambda domain: job_of(zoo, domain))
    assert fill(pool) == ["a"]  # to see how large one is
    assert pool.status()["a"]["bytes"] == 0


# Under overload.


class Gated(Generator):
    """Stripes that come only through an open gate."""

    domain, noun, title = "gated", "gate", "This Gate Does Not Exist"
    max_batch = 1

    def __init__(self):
        self.gate = threading.Event()

    def load(self, card, files, device):
        return self

    def sample(self, recipes):
        assert self.gate.wait(20)
        return [Picture(np.full((8, 8, 3), recipe.seed % 256, np.uint8)) for recipe in recipes]


@pytest.fixture
def overloaded(settings, zoo, make_plugin, tmp_path):
    """A zoo whose queue is full of fresh ones, and the gate that holds them; `overload` as given."""
    from doesnotexist.plugins import Plugins

    zoos, callers = [], ThreadPoolExecutor(8)

    def make(overload):
        generator = Gated()
        text = settings.registry.with_name("stripes.yaml").read_text().replace("stripes/", "gated/")
        text = text.replace("domain: stripes", "domain: gated")
        registry = tmp_path / "gated.yaml"
        registry.write_text(text)
        plugins = Plugins(only=frozenset())
        plugins.register(make_plugin(generator, registry), "gated")
        changed = {"queue_size": 2, "overload": overload}
        zoos.append(Zoo(settings.model_copy(update=changed), plugins))
        waiting = []
        for _ in range(3):
            waiting.append(callers.submit(zoos[-1].fresh, "gated"))
            time.sleep(0.1)
        return zoos[-1], generator.gate, waiting

    yield make
    callers.shutdown()
    for zoo in zoos:
        zoo.close()


def test_a_full_queue_refuses_a_fresh_one_too(overloaded):
    zoo, gate, waiting = overloaded("queue")
    with pytest.raises(QueueFull):
        zoo.fresh("gated")
    gate.set()
    assert {w.result(20).source for w in waiting} == {"made"}


def test_or_the_next_one_is_shared_and_says_so(overloaded):
    zoo, gate, waiting = overloaded("share")
    with ThreadPoolExecutor(20) as callers:
        sharing = [callers.submit(zoo.fresh, "gated") for _ in range(20)]
        time.sleep(0.2)
        gate.set()
        shared = [future.result(20) for future in sharing]
    own = [future.result(20) for future in waiting]
    assert {creation.source for creation in shared} == {"shared"}
    assert {creation.source for creation in own} == {"made"}
    assert {creation.data for creation in shared} <= {creation.data for creation in own}
    assert shared[0].recipe in [creation.recipe for creation in own]
    assert len({creation.recipe for creation in own}) == 3
