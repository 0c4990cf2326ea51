"""Worker processes that really die: of signals, of exits, of hangs, of their parent's death."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist.engine import wait
from doesnotexist.engine.child import IDLE_S
from doesnotexist.errors import (
    BadSample,
    CircuitOpen,
    DeadlineExceeded,
    EngineError,
    EngineStopped,
    PluginBroken,
    WeightsMismatch,
    WorkerDied,
)

from .conftest import WEIGHTS, put_plugin, put_weights, write_registry

PLUGIN = '''
import ctypes, os, signal, sys, time
from pathlib import Path
from typing import Literal

from pydantic import Field
from doesnotexist import Generator, Params, Picture, hookimpl
from doesnotexist.errors import BadSample

class OddError(BadSample):
    """A class that only this plugin knows."""

class Odd:
    def facts(self):
        return {"a": object()}
    def encode(self, format, size):
        return b"x"

def hang():
    while True: pass

def hang_with_the_lock():
    ctypes.PyDLL(None).sleep(1000)

def grow():
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
    return len(bytes(2**33))

ACTS = {
    "work": lambda: None,
    "slow": lambda: time.sleep(0.2),
    "hang": hang,
    "lock": hang_with_the_lock,
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "null": lambda: ctypes.string_at(0),
    "leave": lambda: os._exit(3),
    "exit": lambda: sys.exit(3),
    "grow": grow,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "talk": lambda: print("x" * 100_000, flush=True),
    "odd": lambda: 1 / 0,
}

class TroubleParams(Params):
    act: Literal[tuple(ACTS)] = Field("work", description="what to do")

class Sampler:
    def sample(self, recipes):
        import numpy as np
        for recipe in recipes:
            ACTS[recipe.params["act"]]()
            if recipe.params["act"] == "talk" and recipe.seed == 1:
                raise OddError("trouble", "was odd")
        return [
            Odd() if recipe.seed == 666 else Picture(np.full((8, 8, 3), recipe.seed % 256, np.uint8))
            for recipe in recipes
        ]

class Trouble(Generator):
    domain, noun, title = "trouble", "trouble", "This Trouble Does Not Exist"
    params = TroubleParams
    formats = ("png", "txt")
    def load(self, card, files, device):
        return Sampler()

class Calm(Trouble):
    domain, noun, title = "calm", "calm", "This Calm Does Not Exist"
    def prepare(self):
        Path(os.environ.get("PREPARED", os.devnull)).touch()
        ACTS[os.environ.get("UNASKED", "work")]()

class Stuck(Trouble):
    domain, noun, title = "stuck", "stuck", "This Does Not Load"
    def load(self, card, files, device):
        raise RuntimeError("no such driver")

class Asleep(Trouble):
    domain, noun, title = "asleep", "sleeper", "This Never Loads"
    def load(self, card, files, device):
        time.sleep(1000)

@hookimpl
def register_generators(register):
    register(Trouble())
    register(Calm())
    register(Stuck())
    register(Asleep())
'''


def slow(value):
    return pytest.param(value, marks=pytest.mark.slow)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Settings of an installation that has the plugin above, as a distribution of its own."""
    site = put_plugin(tmp_path / "site", "trouble", PLUGIN)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    ids = [f"{domain}/one" for domain in ("trouble", "calm", "stuck", "asleep")]
    yield Settings(
        workers="process",
        device="cpu",
        registry=write_registry(tmp_path / "registry.yaml", *ids),
        store=put_weights(tmp_path / "store"),
        plugins="trouble",
        hang_s=15,
        deadline_s=60,
    )
    sys.modules.pop("trouble_plugin", None)


@pytest.fixture
def zoo(settings):
    with Zoo(settings) as zoo:
        yield zoo


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Waits until a worker has begun to prepare, and tells whether it has."""
    sign = tmp_path / "prepared"
    monkeypatch.setenv("PREPARED", str(sign))

    def wait_for_it(seconds=20):
        until = time.monotonic() + seconds
        while not sign.exists() and time.monotonic() < until:
            time.sleep(0.02)
        return sign.exists()

    return wait_for_it


def child_of(zoo):
    return zoo._started()._workers[0]


def gone(pid, seconds=5):
    """Whether a process ends within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_samples_come_from_another_process(zoo):
    creation = zoo.generate("trouble", seed=7, format="png")
    assert creation.data[:4] == b"\x89PNG"
    assert creation.record["width"] == 8
    assert child_of(zoo).pid != os.getpid()
    assert zoo.status()["models"] == [zoo.card("trouble").reference]
    assert zoo.status()["restarts"] == 0


def test_a_process_gives_the_same_bytes_as_a_thread(zoo, settings):
    with Zoo(settings.model_copy(update={"workers": "thread"})) as threaded:
        for format in ("png", "json"):
            one = zoo.generate("calm", seed=9, format=format)
            assert one.data == threaded.generate("calm", seed=9, format=format).data
            assert one.media.facts == {"width": 8, "height": 8}


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("crash", "was ended by SIGSEGV"),
        pytest.param("null", "was ended by SIGSEGV", marks=pytest.mark.slow),
        ("leave", "ended with exit code 3"),
        ("kill", "was ended by SIGKILL"),
    ],
)
def test_a_death_costs_its_own_batch_and_no_other_domain(zoo, act, reason):
    zoo.generate("calm", seed=1)
    with pytest.raises(WorkerDied, match=reason) as caught:
        zoo.generate("trouble", seed=1, act=act)
    assert caught.value.domain == "trouble"
    assert zoo.generate("calm", seed=2).data
    assert zoo.generate("trouble", seed=2).data
    assert zoo.status()["restarts"] >= 1


@pytest.mark.parametrize("act", [*map(slow, ["hang", "stop"]), "lock"])
def test_a_hang_is_ended(settings, act):
    with Zoo(settings.model_copy(update={"hang_s": 1.0})) as zoo:
        zoo.generate("trouble", seed=1)
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            zoo.generate("trouble", seed=1, act=act)
        assert 0.9 < time.monotonic() - started < 8
        assert zoo.generate("calm", seed=2).data


def test_a_hang_in_the_first_batch_is_ended_as_soon_as_any(settings):
    with Zoo(settings.model_copy(update={"hang_s": 1.0})) as zoo:
        zoo.generate("calm", seed=1)
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            zoo.generate("trouble", seed=1, act="lock")
        assert time.monotonic() - started < 8
        assert zoo.generate("calm", seed=2).data


def test_a_load_may_take_longer_than_a_batch_and_one_without_end_rests_as_long(settings, monkeypatch):
    monkeypatch.setattr("doesnotexist.engine.process.LOAD_S", 3.0)
    monkeypatch.setattr("doesnotexist.engine.circuits.WITHIN_S", 2.5)
    with Zoo(settings.model_copy(update={"hang_s": 1.0, "deadline_s": 2.9})) as zoo:
        asleep = zoo._submit(zoo.recipe("asleep", 1))
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            asleep.result(10)
        assert 2.8 < time.monotonic() - started < 8
        with pytest.raises(CircuitOpen):
            zoo.generate("asleep", seed=2)
        assert zoo._submit(zoo.recipe("calm", 3)).result(20).data


@pytest.mark.parametrize(
    ("act", "reason"), [("exit", "SystemExit"), ("odd", "ZeroDivision"), ("grow", "MemoryError")]
)
def test_what_python_can_catch_kills_nobody(zoo, act, reason):
    with pytest.raises(BadSample, match=reason):
        zoo.generate("trouble", seed=1, act=act)
    assert zoo.generate("trouble", seed=2).data
    assert zoo.status()["restarts"] == 0


def test_errors_of_all_kinds_come_through(zoo, settings):
    with pytest.raises(PluginBroken, match="load failed: RuntimeError: no such driver"):
        zoo.generate("stuck", seed=1)
    with pytest.raises(BadSample, match=r"failed: OddError: .* was odd"):
        zoo.generate("trouble", seed=1, act="talk")
    with pytest.raises(BadSample, match="failed to encode: TypeError"):
        zoo.generate("trouble", seed=666)
    (stored,) = (settings.store / "sha256").glob("*/*")
    stored.write_bytes(b"W" + WEIGHTS[1:])
    with pytest.raises(WeightsMismatch, match="sha256"):
        zoo.generate("calm", seed=1)
    assert zoo.status()["restarts"] == 0


def test_what_a_plugin_prints_disturbs_nothing(zoo, capfd):
    assert zoo.generate("trouble", seed=2, act="talk").data
    assert capfd.readouterr().out == ""


def test_three_deaths_in_a_minute_open_the_circuit_of_that_domain_alone(zoo):
    for _ in range(3):
        with pytest.raises(WorkerDied):
            zoo.generate("trouble", act="leave")
    started = time.monotonic()
    with pytest.raises(CircuitOpen) as caught:
        zoo.generate("trouble")
    assert time.monotonic() - started < 0.05
    assert 1 <= caught.value.retry_after_s <= 30
    assert zoo.generate("calm").data
    assert list(zoo.status()["resting"]) == ["trouble"]


def test_a_worker_killed_from_outside_blames_nobody_and_loses_nothing(zoo):
    for seed in range(4):
        with ThreadPoolExecutor() as pool:
            made = pool.submit(zoo.generate, "trouble", seed=seed, act="slow")
            time.sleep(0.1)
            os.kill(child_of(zoo).pid, signal.SIGKILL)
            assert made.result(30).data
    assert zoo.status()["resting"] == {}
    assert zoo.status()["restarts"] >= 4


def test_a_worker_that_dies_while_idle_is_back_before_anybody_asks(zoo):
    zoo.generate("calm")
    child = child_of(zoo)
    first = child.pid
    os.kill(first, signal.SIGKILL)
    until = time.monotonic() + 20
    while child.pid in (first, None) and time.monotonic() < until:
        time.sleep(0.02)
    assert child.pid != first
    assert zoo.generate("calm").data


def test_a_worker_prepares_while_nobody_asks(zoo, prepared):
    zoo.start()
    assert prepared()
    assert zoo.status()["models"] == []
    assert zoo.generate("calm").data


@pytest.mark.parametrize(("act", "restarts"), [("odd", 0), ("exit", 0), ("crash", 1), ("lock", 1)])
def test_what_goes_wrong_unasked_costs_a_worker_once_and_nobody_an_answer(
    zoo, prepared, monkeypatch, act, restarts
):
    monkeypatch.setattr("doesnotexist.engine.process.ANSWER_S", 3.0)
    monkeypatch.setenv("UNASKED", act)
    zoo.start()
    assert prepared()
    assert zoo.generate("calm").data
    time.sleep(2 * IDLE_S)
    assert zoo.generate("trouble").data
    assert zoo.status()["restarts"] == restarts


def test_everybody_in_flight_gets_an_answer(zoo):
    zoo.generate("calm")
    acts = ["slow", "leave", "slow", "work", "crash", "slow"] * 4
    with ThreadPoolExecutor(len(acts)) as pool:
        flying = [pool.submit(zoo.generate, "calm", seed=seed, act=act) for seed, act in enumerate(acts)]
        told = [future.exception(30) for future in flying]
    assert all(error is None or isinstance(error, EngineError) for error in told)


def test_closing_finishes_what_runs_and_leaves_no_process(settings):
    zoo = Zoo(settings)
    zoo.generate("calm")
    pid = child_of(zoo).pid
    running = zoo._submit(zoo.recipe("calm", 5, params={"act": "slow"}))
    time.sleep(0.1)
    zoo.close()
    assert wait(running, 1).data
    assert gone(pid)
    with pytest.raises(EngineStopped):
        zoo.generate("calm")


def test_closing_does_not_wait_for_a_hang(settings):
    zoo = Zoo(settings.model_copy(update={"hang_s": 1000.0, "deadline_s": 1000.0}))
    zoo.generate("calm")
    hung = zoo._submit(zoo.recipe("calm", 5, params={"act": "hang"}))
    time.sleep(0.2)
    started = time.monotonic()
    zoo.close()
    assert time.monotonic() - started < 9
    assert isinstance(hung.exception(1), EngineError)


def test_two_devices_are_two_processes(settings):
    with Zoo(settings.model_copy(update={"device": "cpu,cpu"})) as zoo:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda seed: zoo.generate("calm", seed=seed, act="slow"), range(8)))
        pids = {worker.pid for worker in zoo._started()._workers}
        assert len(pids) == 2
        assert os.getpid() not in pids


PARENT = """
    import os, sys, threading, time
    from doesnotexist import Settings, Zoo

    if __name__ == "__main__":
        zoo = Zoo(Settings.read(workers="process", plugins="trouble", device="cpu"))
        zoo.generate("calm", seed=1)
        print(zoo._started()._workers[0].pid, flush=True)
        if sys.argv[1:]:
            threading.Thread(target=zoo.generate, args=["calm"], kwargs={"act": sys.argv[1]}).start()
        time.sleep(60)
"""


@pytest.fixture
def parent(settings, tmp_path):
    """Start a program with a zoo; gives it and the process id of its worker."""
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    environment = {
        **os.environ,
        "DOESNOTEXIST_STORE": str(settings.store),
        "DOESNOTEXIST_REGISTRY": str(settings.registry),
    }
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("act", [(), slow(("hang",)), ("lock",)])
def test_a_worker_ends_when_its_parent_is_killed(parent, act):
    process, worker = parent(*act)
    if act:
        time.sleep(0.3)
    process.kill()
    assert gone(worker)


def test_ctrl_c_in_a_terminal_leaves_the_worker_to_its_parent(parent):
    process, worker = parent()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    _, told = process.communicate(timeout=20)
    assert gone(worker)
    assert told.count("KeyboardInterrupt") == 1  # the parent's own


def test_a_zoo_that_nobody_closes_leaves_no_process(parent, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(script.read_text().replace("time.sleep(60)", "pass"))
    process, worker = parent()
    process.wait(20)
    assert gone(worker)
    assert process.returncode == 0


def test_threads_of_a_worker_end(zoo):
    before = threading.active_count()
    zoo.generate("calm")
    zoo.close()
    until = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_a_script_without_a_guard_is_told_so(settings, tmp_path):
    script = tmp_path / "unguarded.py"
    asked = f"Settings.read(workers='process', registry={str(settings.registry)!r})"
    script.write_text(f"from doesnotexist import Settings, Zoo\nZoo({asked}).generate('calm', seed=1)\n")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=50, check=False)
    assert ended.returncode == 1
    assert "needs `if __name__ == '__main__':`" in ended.stderr
