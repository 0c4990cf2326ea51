"""Forty bad plugins: the site stays up, another domain answers, and each is told with its reason."""

import sys

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist.plugins import Plugins
from doesnotexist.testing import fake_card, fake_registry
from doesnotexist.weights import Store
from doesnotexist_web.app import create_app

WEIGHTS = {"weights": b"the weights of bad plugins"}

SOURCE = """
import os, sys, time
from doesnotexist import Generator, Params, Picture, Recipe, hookimpl
{top}

class Odd:
    def __init__(self, **ways):
        vars(self).update(ways)
    def facts(self):
        return {{"kind": "odd"}}
    def encode(self, format, size):
        return b"\\x89PNG\\r\\n\\x1a\\n"

class Bad(Generator):
    domain, noun, title = "{domain}", "bad thing", "This Bad Thing Does Not Exist"
    formats = ("png", "svg")
    {body}
    def load(self, card, files, device):
        {load}
    def sample(self, recipes):
        {sample}

@hookimpl
def register_generators(register):
    {register}
"""
GOOD = {
    "top": "",
    "domain": "bad",
    "body": "",
    "load": "return self",
    "sample": "import numpy as np; return [Picture(np.zeros((16, 16, 3), np.uint8)) for _ in recipes]",
    "register": "register(Bad())",
}
SVG = "b'<svg xmlns=\"http://www.w3.org/2000/svg\">%s</svg>'"
ODD = "return [Odd(encode=lambda format, size: {})]"

# what is bad: what is changed, and what the state of the plugin says
LOADED = {
    "raises at import": ({"top": "1 / 0"}, "broken", "import failed: ZeroDivisionError"),
    "imports what is not there": ({"top": "import no_such_module"}, "broken", "ModuleNotFoundError"),
    "is no Python": ({"top": "def ("}, "broken", "SyntaxError"),
    "exits at import": ({"top": "sys.exit(3)"}, "broken", "import failed: SystemExit: 3"),
    "cancels at import": ({"top": "raise GeneratorExit"}, "broken", "import failed: GeneratorExit"),
    "recurses at import": ({"top": "def f(): f()\nf()"}, "broken", "RecursionError"),
    "raises at register": ({"register": "1 / 0"}, "broken", "register_generators failed: ZeroDivisionError"),
    "exits at register": ({"register": "sys.exit()"}, "broken", "register_generators failed: SystemExit"),
    "registers no generator": ({"register": "register(None)"}, "broken", "got NoneType, not a Generator"),
    "registers its class": ({"register": "register(Bad)"}, "broken", "not a Generator"),
    "registers twice": ({"register": "register(Bad()); register(Bad())"}, "broken", "'bad' twice"),
    "registers without load": ({"load": "...\n    load = Generator.load\n"}, "broken", "TypeError"),
    "claims another's domain": ({"domain": "good"}, "conflict", "'good' is claimed by"),
    "has a domain with dots": ({"domain": "bad.bad"}, "broken", "no lower-case host label"),
    "has a domain with a path": ({"domain": "../bad"}, "broken", "no lower-case host label"),
    "has no noun": ({"body": "noun = ''"}, "broken", "lacks a noun"),
    "is of another contract": ({"body": "api_version = 99"}, "incompatible", "version 99, this is 1"),
    "offers html": ({"body": "formats = ('html',)"}, "broken", "formats"),
    "offers nothing": ({"body": "formats = ()"}, "broken", "formats"),
    "has a list of parameters": ({"body": "params = [1]"}, "broken", "subclass of Params"),
    "takes the seed": ({"body": "class params(Params):\n        seed: int = 1"}, "broken", "runtime's own"),
    "takes what has no default": ({"body": "class params(Params):\n        x: int"}, "broken", "a default"),
    "has a batch of none": ({"body": "max_batch = 0"}, "broken", "max_batch"),
    "misspells its hook": ({"top": "@hookimpl\ndef register_generator(register): ..."}, "broken", "no such"),
    "wants more of a hook": ({"top": "@hookimpl\ndef register_routes(app, db): ..."}, "broken", "Validation"),
    "raises at routes": ({"top": "@hookimpl\ndef register_routes(app): 1 / 0"}, "broken", "routes failed"),
}  # fmt: skip
# what is bad: what is changed, and the reason that the operator is told
SAMPLED = {
    "raises at load": ({"load": "1 / 0"}, "load failed: ZeroDivisionError"),
    "exits at load": ({"load": "sys.exit(4)"}, "load failed: SystemExit"),
    "loads nothing": ({"load": "return None"}, "failed to sample"),
    "raises at sample": ({"sample": "1 / 0"}, "failed to sample: ZeroDivisionError"),
    "exits at sample": ({"sample": "sys.exit(5)"}, "failed to sample: SystemExit"),
    "gives None": ({"sample": "return None"}, "gave NoneType, not 1 samples"),
    "gives too many": ({"sample": "return [Odd(), Odd()]"}, "gave list, not 1 samples"),
    "gives no sample": ({"sample": "return [b'png']"}, "gave bytes, which is no sample"),
    "gives 1 GB": ({"sample": ODD.format("bytes(2**30)")}, "gave something else"),
    "gives text for bytes": ({"sample": ODD.format("'png'")}, "gave something else"),
    "gives nothing": ({"sample": ODD.format("b''")}, "gave something else"),
    "gives html as a picture": ({"sample": ODD.format("b'<html><script>'")}, "gave bytes that are no png"),
    "raises at encode": ({"sample": ODD.format("1 / 0")}, "failed to encode: ZeroDivisionError"),
    "has facts that are no data": ({"sample": "return [Odd(facts=lambda: {'a': object()})]"}, "not JSON"),
    "has facts that are no numbers": ({"sample": "return [Odd(facts=lambda: {'a': float('nan')})]"}, "JSON"),
    "draws a script": ({"sample": ODD.format(SVG % "<script/>"), "body": "formats = ('svg',)"}, "<script>"),
    "draws what fetches": (
        {"sample": ODD.format(SVG % '<image href="http://x/"/>'), "body": "formats = ('svg',)"},
        "attribute href",
    ),
    "draws what runs": (
        {"sample": ODD.format(SVG % '<g onload="x()"/>'), "body": "formats = ('svg',)"},
        "attribute onload",
    ),
    "draws an endless entity": (
        {"sample": ODD.format('b\'<!DOCTYPE x [<!ENTITY a "b">]><svg/>\''), "body": "formats = ('svg',)"},
        "DOCTYPE",
    ),
}  # fmt: skip


def test_there_are_forty():
    assert len(LOADED) + len(SAMPLED) >= 40


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Make an installed distribution of the changed source beside a good one; gives their settings."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def make(change, **settings):
        cards = [fake_card(domain, WEIGHTS) for domain in ("good", "bad")]
        store = Store(tmp_path / "store")
        path = store.path(cards[0].digest)
        path.parent.mkdir(parents=True)
        path.write_bytes(WEIGHTS["weights"])
        for name, changed in (("bad", change), ("good", {"domain": "good"})):
            _write(tmp_path, name, SOURCE.format(**{**GOOD, **changed}))
        registry = fake_registry(tmp_path / "registry.yaml", *cards)
        return Settings.read({}, store=store.root, registry=registry, plugins="good,bad", **settings)

    yield make
    for module in set(sys.modules) - before:
        if module in ("a_bad_one", "a_good_one"):
            del sys.modules[module]


def _write(folder, name, source):
    (folder / f"a_{name}_one.py").write_text(source)
    # the good one is not ours; `aaa` only makes it the first of the strangers
    info = folder / f"zoo_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zoo-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[doesnotexist]\n{name} = a_{name}_one\n")


def asked(zoo, domain, path="/image", accept="image/*"):
    with create_app(zoo).test_client() as client:
        return client.get(path, headers={"Host": f"{domain}.localhost", "Accept": accept})


def state_of(zoo):
    return next(state for state in zoo.plugins.states if state.name == "bad")


@pytest.mark.parametrize("bad", LOADED)
def test_a_plugin_that_cannot_be_loaded(install, bad, capfd):
    change, kind, reason = LOADED[bad]
    with Zoo(install(change)) as zoo:
        index = create_app(zoo).test_client().get("/", headers={"Host": "localhost"})
        state = state_of(zoo)
        assert index.status_code == 200
        assert state.state == kind
        assert reason in state.reason
        if bad == "claims another's domain":
            return  # of two strangers neither gets it
        assert asked(zoo, "good").status_code == 200
        if bad != "raises at routes":  # its generator still works
            answer = asked(zoo, "bad", accept="text/html")
            assert answer.status_code == 503
            assert b"Traceback" not in answer.data


@pytest.mark.parametrize("bad", SAMPLED)
def test_a_plugin_that_cannot_give_a_sample(install, bad, caplog):
    change, reason = SAMPLED[bad]
    with Zoo(install(change)) as zoo:
        answer = asked(zoo, "bad")
        assert answer.status_code in (502, 503)
        assert not answer.content_type.startswith("image/")
        assert reason in caplog.text
        assert asked(zoo, "good").status_code == 200
        assert state_of(zoo).state == "ready"
        assert asked(zoo, "bad").status_code in (502, 503), "and it does so again"


def test_what_prints_says_nothing_on_standard_output(install, capfd):
    with Zoo(install({"top": "print('hello')", "register": "print('hi'); register(Bad())"})) as zoo:
        assert state_of(zoo).state == "ready"
        assert asked(zoo, "bad").status_code == 200
    assert capfd.readouterr().out == ""


# what a plugin does at its second sample: for the first one, in which models are loaded, there is more time
DYING = {
    "hangs": "time.sleep(1000)",
    "spins": "exec('while True: pass')",
    "aborts": "os.abort()",
    "reads where nothing is": "__import__('ctypes').string_at(0)",
    "leaves": "os._exit(0)",
}


@pytest.mark.slow
@pytest.mark.parametrize("bad", DYING)
def test_a_plugin_that_takes_its_process_along(install, bad, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sample = f"self.count = getattr(self, 'count', 0) + 1; self.count > 1 and {DYING[bad]}; {GOOD['sample']}"
    settings = install({"sample": sample}, workers="process", hang_s=4, deadline_s=60)
    with Zoo(settings, Plugins(frozenset({"good", "bad"}))) as zoo:
        assert asked(zoo, "good").status_code == 200
        assert asked(zoo, "bad").status_code == 200
        assert asked(zoo, "bad").status_code in (502, 503, 504)
        assert asked(zoo, "good").status_code == 200
