"""Which device, how many threads, and the wall around a plugin's load()."""

import subprocess
import sys

import pytest

from doesnotexist import Generator
from doesnotexist.engine import Loader, loading
from doesnotexist.errors import DeviceMissing, PluginBroken, WeightsMissing
from doesnotexist.plugins import Plugins


def test_auto_without_a_sign_of_a_device_is_the_processor_and_imports_nothing():
    program = (
        "import sys; from doesnotexist.engine import loading;"
        "loading._SIGNS = (); loading.sys.platform = 'linux';"
        "print(loading.find_device('auto'), loading.find_device('cpu'), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cpu", "cpu", "False"]


def test_a_device_that_is_not_here_is_named():
    torch = pytest.importorskip("torch")
    missing = f"cuda:{torch.cuda.device_count() + 7}"
    with pytest.raises(DeviceMissing, match=f"expected {missing}, found .*cpu"):
        loading.find_device(missing)


def test_cores_are_those_of_the_container(tmp_path, monkeypatch):
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(loading, "_QUOTA", quota)
    everything = loading.cores()
    assert everything >= 1
    for text, count in (("max 100000", everything), ("100000 100000", 1), ("50000 100000", 1)):
        quota.write_text(text)
        assert loading.cores() == count


def test_whatever_load_raises_is_the_plugins_fault(zoo, make_plugin):
    class Broken(Generator):
        domain, noun, title = "stripes", "stripe", "x"
        fault = RuntimeError("no such driver")

        def load(self, card, files, device):
            raise self.fault

    generator = Broken()
    plugins = Plugins(only=frozenset())
    plugins.register(make_plugin(generator), "broken")
    load = Loader(plugins, zoo.store, "cpu")
    for fault, word in ((generator.fault, "RuntimeError: no such driver"), (SystemExit(3), "SystemExit")):
        generator.fault = fault
        with pytest.raises(PluginBroken, match=word):
            load(zoo.card("stripes"))


def test_a_domain_that_only_the_parent_knows(zoo):
    load = Loader(Plugins(only=frozenset()), zoo.store, "cpu")
    with pytest.raises(PluginBroken, match="knows installed plugins only"):
        load(zoo.card("stripes"))


def test_weights_that_are_missing_are_no_plugins_fault(zoo, settings):
    (stored,) = (settings.store / "sha256").glob("*/*")
    stored.unlink()
    with pytest.raises(WeightsMissing):
        Loader(zoo.plugins, zoo.store, "cpu")(zoo.card("stripes"))


def test_a_worker_uses_as_many_threads_as_its_batch_is_worth():
    program = (
        "from doesnotexist.engine.child import _use_threads; import sys; _use_threads(1);"
        "assert 'torch' not in sys.modules; import torch;"
        "_use_threads(3); print(torch.get_num_threads()); _use_threads(1); print(torch.get_num_threads())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "1"]
