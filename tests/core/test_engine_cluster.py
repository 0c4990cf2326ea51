"""A real Ray on this machine: samples from actors, and actors that are killed."""

import os
import signal

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist.errors import WorkerDied

# Ray leaves sockets and files of its own open
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def ray():
    found = pytest.importorskip("ray", reason="Ray is not installed: pip install doesnotexist[ray]")
    yield found
    found.shutdown()


@pytest.fixture(scope="module")
def here():
    """A domain whose weights ship with this checkout."""
    with Zoo() as zoo:
        bundled = [listing.card.domain for listing in zoo.models() if listing.status == "bundled"]
    if not bundled:
        pytest.skip("no weights ship with this checkout")
    return bundled[0]


def settings_of(**given):
    return Settings(workers="ray", device="cpu", deadline_s=240, **given)


def test_actors_give_the_same_bytes_as_a_thread(ray, here):
    with Zoo(settings_of(replicas=2)) as cluster, Zoo(Settings(device="cpu")) as threaded:
        recipes = [cluster.recipe(here, seed) for seed in range(6)]
        theirs = [creation.data for creation in cluster.generate_many(recipes)]
        assert theirs == [creation.data for creation in threaded.generate_many(recipes)]
        assert cluster.status()["models"] == [cluster.card(here).reference]


def test_an_actor_that_dies_costs_its_batch(ray, here):
    with Zoo(settings_of()) as cluster:
        first = cluster.generate(here, seed=1).data
        (worker,) = cluster._started()._workers
        pid = ray.get(worker._handle.pid.remote())
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerDied, match="is lost"):
            cluster.generate(here, seed=2)
        assert cluster.generate(here, seed=1).data == first
        assert cluster.status()["restarts"] == 1
