"""A real Ray on this machine: samples from actors, and actors that are killed."""

import os
import signal
import tarfile

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist.bulk import Order, Shards
from doesnotexist.bulk.tasks import make_on_cluster
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


def test_shards_are_made_on_a_cluster_and_those_that_are_there_are_not(ray, here, tmp_path):
    with Zoo(settings_of(replicas=2)) as zoo:
        order = Order(here, zoo.card(here).reference, {}, zoo.generator(here).formats[0], None, range(23))
        shards = Shards(str(tmp_path), order, "tar", each=5)
        assert sum(make_on_cluster(zoo.settings, shards)) == 23
        first = {path.name: path.read_bytes() for path in tmp_path.glob("shard-*")}
        assert len(first) == 5
        (tmp_path / "shard-000003.tar").unlink()
        again = Shards(str(tmp_path), order, "tar", each=5)
        assert list(make_on_cluster(zoo.settings, again)) == [5]
        assert {path.name: path.read_bytes() for path in tmp_path.glob("shard-*")} == first
        alone = Shards(str(tmp_path / "alone"), order, "tar", each=5)
    with Zoo(Settings(device="cpu", deadline_s=240)) as zoo:
        list(alone.make_all(zoo))
    assert {path.name: path.read_bytes() for path in (tmp_path / "alone").glob("shard-*")} == first


def test_an_actor_that_is_killed_costs_no_shard_and_doubles_none(ray, here, tmp_path):
    with Zoo(settings_of(replicas=2)) as zoo:
        order = Order(here, zoo.card(here).reference, {}, "json", None, range(40))
        shards = Shards(str(tmp_path), order, "tar", each=4)
        made = 0
        for number, count in enumerate(make_on_cluster(zoo.settings, shards)):
            made += count
            if number == 2:
                actors = ray.util.state.list_actors(
                    filters=[("state", "=", "ALIVE"), ("class_name", "=", "Shardmaker")]
                )
                os.kill(actors[0].pid, signal.SIGKILL)
    assert made == 40
    names = []
    for path in sorted(tmp_path.glob("*.tar")):
        with tarfile.open(path) as tar:
            names += tar.getnames()
    assert names == [f"{seed:010d}.json" for seed in range(40)]
