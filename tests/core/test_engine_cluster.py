"""A real Ray on this machine: samples from replicas and shards from tasks, and both of them killed."""

import hashlib
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist.bulk import Order, Shards
from doesnotexist.bulk.tasks import make_on_cluster
from doesnotexist.engine.deployments import Deployments
from doesnotexist.errors import BadSample, CircuitOpen, DeadlineExceeded, WeightsMissing, WorkerDied

from .conftest import WEIGHTS, put_plugin, put_weights, write_registry

pytest.importorskip("ray", reason="Ray is not installed: pip install 'doesnotexist[ray]'")

# Ray leaves sockets and files of its own open
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PATIENCE_S = 400  # of a caller: on a busy machine a replica is there only after a minute
ADDED_S = 120  # of load, until there is another replica: Serve waits 5 s, and has it 5 to 60 s later

PLUGIN = """
import ctypes, time
from typing import Literal

import numpy as np
from pydantic import Field
from doesnotexist import Generator, Params, Picture, hookimpl

ACTS = {
    "work": lambda: None,
    "nap": lambda: time.sleep(0.1),  # load that takes no core from whoever asks
    "lock": lambda: ctypes.PyDLL(None).sleep(1000),  # hangs, and lets no other thread run
    "crash": lambda: ctypes.string_at(0),  # here: a signal to the process may find another thread, late
    "odd": lambda: 1 / 0,
}

class TroubleParams(Params):
    act: Literal[tuple(ACTS)] = Field("work", description="what to do")

class Sampler:
    def sample(self, recipes):
        for recipe in recipes:
            ACTS[recipe.params["act"]]()
        return [Picture(np.full((8, 8, 3), recipe.seed % 256, np.uint8)) for recipe in recipes]

class Trouble(Generator):
    domain, noun, title = "trouble", "trouble", "This Trouble Does Not Exist"
    params = TroubleParams
    formats = ("png",)
    def load(self, card, files, device):
        return Sampler()

@hookimpl
def register_generators(register):
    register(Trouble())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the plugin above, as an installed distribution; every process of our Ray sees it."""
    return put_plugin(tmp_path_factory.mktemp("site"), "trouble", PLUGIN)


@pytest.fixture(scope="module")
def ray(site):
    """A Ray of our own with two CPUs, there for all of these tests."""
    import ray

    from doesnotexist.engine.cluster import connect

    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:2])
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        patch.setenv("PYTHONPATH", str(site))
        connect(None, "trouble")
        yield ray
        ray.shutdown()
    os.sched_setaffinity(0, before)
    sys.modules.pop("trouble_plugin", None)


@pytest.fixture
def trouble(ray, tmp_path):
    """Settings of an installation that has the plugin above, and its weights."""
    registry = write_registry(tmp_path / "registry.yaml", "trouble/one")
    return settings_of(registry=registry, store=put_weights(tmp_path / "store"), plugins="trouble", hang_s=5)


def settings_of(**given):
    return Settings(workers="ray", device="cpu", deadline_s=PATIENCE_S, **given)


@pytest.fixture
def zoo(trouble):
    with Zoo(trouble) as zoo:
        yield zoo


def processes(kind, driver):
    """The processes that Ray runs for a driver and that say `kind` of themselves, once there is one."""
    found = soon(lambda: [pid for pid in descendants(driver) if kind in commandline(pid)], PATIENCE_S)
    assert found, f"no {kind}"
    return found


def soon(found, patience_s):
    """What is found, once it is anything; what it is not, if patience ends first."""
    until = time.monotonic() + patience_s
    while not (it := found()) and time.monotonic() < until:
        time.sleep(0.2)
    return it


def descendants(pid):
    """Children and grandchildren."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    return [child for child, parent in parents.items() if pid in (parent, parents.get(parent))]


def commandline(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def running():
    """The replicas of the deployment that has most."""
    from ray import serve

    deployments = [app.deployments.values() for app in serve.status().applications.values()]
    return max((it.replica_states.get("RUNNING", 0) for each in deployments for it in each), default=0)


def names_in(folder):
    """The samples in the shards of a folder."""
    names = []
    for path in sorted(folder.glob("shard-*.tar")):
        with tarfile.open(path) as tar:
            names += tar.getnames()
    return names


def test_replicas_give_the_same_bytes_as_a_thread(ray):
    domains = ["faces", "chemicals"]
    with Zoo(settings_of()) as cluster, Zoo(Settings(device="cpu", deadline_s=PATIENCE_S)) as threaded:
        recipes = [cluster.recipe(domain, seed) for domain in domains for seed in range(3)]
        theirs = [creation.data for creation in cluster.generate_many(recipes)]
        assert theirs == [creation.data for creation in threaded.generate_many(recipes)]
        references = [cluster.card(domain).reference for domain in domains]
        assert cluster.status()["models"] == sorted(references)
        assert len(processes("ServeReplica", os.getpid())) == len(domains)


def test_replicas_that_are_killed_cost_time_and_nothing_else(ray, zoo):
    recipes = [zoo.recipe("trouble", seed) for seed in range(60)]
    made, killed = [], []
    for creation in zoo.generate_many(recipes):
        made.append(creation.data)
        if len(made) in (10, 30):
            for pid in processes("ServeReplica:doesnotexist-trouble", os.getpid()):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
    with Zoo(zoo.settings.model_copy(update={"workers": "thread"})) as threaded:
        assert made == [creation.data for creation in threaded.generate_many(recipes)]
    assert killed  # with a batch or between two of them, which is Serve's own affair and counted by nobody
    assert zoo.status()["deaths"] == 0


@pytest.mark.parametrize(
    ("act", "error", "says"),
    [
        ("odd", BadSample, "ZeroDivisionError"),
        ("crash", WorkerDied, "is lost"),
        ("lock", WorkerDied, "is lost"),
    ],
)
def test_what_fails_there_is_told_here_and_the_next_is_made(zoo, act, error, says):
    with pytest.raises(error, match=says):
        zoo.generate("trouble", seed=1, act=act)
    while True:
        try:
            assert zoo.generate("trouble", seed=1).data
            return
        except CircuitOpen as rest:  # where processes take a minute to start, as on a busy machine
            time.sleep(rest.retry_after_s)


def test_weights_that_are_not_there_are_named(zoo):
    zoo.store.path(hashlib.sha256(WEIGHTS).hexdigest()).unlink()
    with pytest.raises(WeightsMissing, match="trouble/one"):
        zoo.generate("trouble", seed=2)


def test_who_waits_for_a_place_is_given_up_in_time_and_so_is_the_wait(trouble):
    crowded = trouble.model_copy(update={"threads": 64, "deadline_s": 3})
    with Zoo(crowded) as zoo:
        with pytest.raises(DeadlineExceeded, match="3 s"):
            zoo.generate("trouble", seed=1)
        began = time.monotonic()
    assert time.monotonic() - began < 10


def test_callers_that_come_at_once_get_one_handle_that_has_its_router(zoo):
    deployments = Deployments(zoo.settings.model_copy(update={"threads": 64}))
    with ThreadPoolExecutor(8) as callers:
        (handle,) = set(callers.map(deployments.handle, [zoo.card("trouble")] * 8))
    deployments.close()
    assert handle.is_initialized


def test_replicas_are_added_under_load(ray, trouble):
    with Zoo(trouble.model_copy(update={"max_replicas": 2, "queue_size": 64})) as zoo:
        enough = threading.Event()

        def ask():
            while not enough.is_set():
                zoo.generate("trouble", act="nap")

        with ThreadPoolExecutor(24) as callers:
            asked = [callers.submit(ask) for _ in range(24)]
            try:
                added = soon(lambda: running() >= 1, PATIENCE_S) and soon(lambda: running() >= 2, ADDED_S)
                seen = f"{ray.serve.status().applications}, {zoo.status()}"
            finally:
                enough.set()
        for one in asked:
            one.result()
        assert added, seen


def test_shards_are_made_on_a_cluster_and_those_that_are_there_are_not(ray, zoo, tmp_path):
    order = Order("trouble", zoo.card("trouble").reference, {}, "png", None, range(23))
    shards = Shards(str(tmp_path / "shards"), order, "tar", each=5)
    assert sum(make_on_cluster(zoo.settings, shards)) == 23
    first = {path.name: path.read_bytes() for path in (tmp_path / "shards").glob("shard-*")}
    assert len(first) == 5
    (tmp_path / "shards" / "shard-000003.tar").unlink()
    assert list(make_on_cluster(zoo.settings, Shards(shards.url, order, "tar", each=5))) == [5]
    assert {path.name: path.read_bytes() for path in (tmp_path / "shards").glob("shard-*")} == first
    alone = Shards(str(tmp_path / "alone"), order, "tar", each=5)
    with Zoo(zoo.settings.model_copy(update={"workers": "thread"})) as threaded:
        list(alone.make_all(threaded))
    assert {path.name: path.read_bytes() for path in (tmp_path / "alone").glob("shard-*")} == first


def test_a_shard_that_fails_says_why(ray, zoo, tmp_path):
    order = Order("trouble", zoo.card("trouble").reference, {"act": "odd"}, "png", None, range(2))
    with pytest.raises(BadSample, match="ZeroDivisionError"):
        list(make_on_cluster(zoo.settings, Shards(str(tmp_path / "shards"), order, "tar", each=5)))


def test_a_run_whose_workers_and_driver_are_killed_ends_with_every_sample_once(tmp_path):
    out, count = tmp_path / "shards", 240
    command = [sys.executable, "-m", "doesnotexist", "generate", "faces", "--count", str(count)]
    command += ["--engine", "ray", "--shard-size", "10", "--out", str(out)]
    for wanted in (4, 12):
        driver = subprocess.Popen(command)
        there = len(list(out.glob("shard-*")))
        (worker, *_) = processes("ray::make_one", driver.pid)
        os.kill(worker, signal.SIGKILL)
        while len(list(out.glob("shard-*"))) < max(wanted, there + 1):
            assert driver.poll() is None, "too quick to be killed: raise the count"
            time.sleep(0.1)
        driver.kill()
        driver.wait()
    subprocess.run(command, check=True)
    names = names_in(out)
    assert len({name for name in names if name.endswith(".jpg")}) == count
    assert len(names) == len(set(names)) == 2 * count
    assert sorted(path.name for path in out.iterdir() if not path.name.startswith("shard-")) == ["run.json"]


def test_an_address_where_no_cluster_is(tmp_path):
    command = [sys.executable, "-m", "doesnotexist", "generate", "faces", "--count", "2", "--engine", "ray"]
    environment = {**os.environ, "DOESNOTEXIST_RAY_ADDRESS": "nowhere"}
    ended = subprocess.run([*command, "--out", tmp_path], env=environment, capture_output=True, text=True)
    assert ended.returncode == 3
    assert "has no cluster" in ended.stderr
    assert "Traceback" not in ended.stderr
