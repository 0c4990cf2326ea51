"""The kit is tested by plugins that break one promise each: the check of that promise must see it."""

import math
import sys
import unittest

import pytest

from doesnotexist import Generator, testing
from doesnotexist.testing import CHECKS, GeneratorTests, Guest, Subject, examine, fake_card, fake_weights
from doesnotexist.testing.suite import name_of

GOOD = '''
"""Bars: a good plugin."""
from typing import Literal
from pydantic import Field
from doesnotexist import Generator, Params, Picture, hookimpl

class BarsParams(Params):
    contrast: float = Field(1.0, ge=0, le=2, description="how strong")
    turned: bool = Field(False, description="lying bars")
    kind: Literal["plain", "inverse"] = Field("plain", description="which")

class Sampler:
    def __init__(self, base):
        self.base = base

    def sample(self, recipes):
        return [self.one(recipe) for recipe in recipes]

    def one(self, recipe):
        import numpy as np
        random = np.random.RandomState(recipe.seed)
        bars = random.rand(1, 32, 3) * self.base * recipe.params["contrast"] * 0.4
        pixels = (np.broadcast_to(bars, (32, 32, 3)) * 255).astype(np.uint8)
        if recipe.params["turned"]:
            pixels = pixels.swapaxes(0, 1)
        if recipe.params["kind"] == "inverse":
            pixels = 255 - pixels
        return Picture(np.ascontiguousarray(pixels))

class Bars(Generator):
    domain, noun, title = "bars", "bar", "This Bar Does Not Exist"
    params = BarsParams
    formats = ("png", "jpeg")
    max_batch = 4
    api_version = 1

    def load(self, card, files, device):
        from safetensors import SafetensorError
        from safetensors.numpy import load
        from doesnotexist.errors import WeightsInvalid
        try:
            return Sampler(load(files["weights"])["base"])
        except (SafetensorError, KeyError) as error:
            raise WeightsInvalid("bars", str(error)) from None

@hookimpl
def register_generators(register):
    register(Bars())
'''


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Write a plugin's source as a module and give a subject of it, its weights fake."""
    import numpy as np

    monkeypatch.syspath_prepend(tmp_path)
    name = f"bars_{tmp_path.name.replace('-', '_')}"
    weights = {"weights": fake_weights(base=np.ones(3, np.float32))}

    def make(source):
        (tmp_path / f"{name}.py").write_text(source)
        subject = Subject.of(name)
        subject.files = weights
        subject.card = fake_card("bars", weights, resolution=32)
        return subject

    yield make
    sys.modules.pop(name, None)


def broken(subject, *names):
    checks = [check for check in CHECKS if name_of(check) in names]
    assert len(checks) == len(names)
    return {f.check: f.reason for f in examine(subject, checks) if f.verdict == "broken"}


def test_a_good_plugin_keeps_every_promise(plugin):
    findings = list(examine(plugin(GOOD)))
    assert {f.check: f.reason for f in findings if f.verdict == "broken"} == {}
    assert [f.check for f in findings if f.verdict == "skipped"] == ["package has licence"]
    assert all(f.promise.endswith(".") for f in findings)


@pytest.mark.parametrize(
    ("old", "new", "check", "reason"),
    [
        ("contrast: float", "size: float", "metadata", "a name of the runtime's own"),
        ('("png", "jpeg")', '("png", "exe")', "metadata", "formats"),
        ("ge=0, le=2, ", "", "parameters are described", "contrast needs bounds"),
        ('description="lying bars"', "", "parameters are described", "turned has no description"),
        ("class BarsParams(Params):", "class BarsParams(Params):\n    model_config = {'extra': 'ignore'}",
         "parameters are refused", "no-such-parameter"),
        ("return [self.one(recipe) for recipe in recipes]", "return None",
         "samples are delivered", "NoneType"),
        ("return [self.one(recipe) for recipe in recipes]", "return ['x' for _ in recipes]",
         "samples are delivered", "str has not"),
        ("return [self.one(recipe) for recipe in recipes]",
         "return [self.one(r) for r in recipes] if len(recipes) < 2 else [self.one(recipes[0])]",
         "batches", "gave 1 samples"),
        ("return [self.one(recipe) for recipe in recipes]",
         "return sorted((self.one(r) for r in recipes), key=lambda p: int(p.pixels[0, 0, 0]))",
         "batches", "one by one"),
        ("np.random.RandomState(recipe.seed)", "np.random.RandomState(3)", "seeds matter", "1 different"),
        ("np.random.RandomState(recipe.seed)", "np.random.RandomState(recipe.seed - 1)",
         "seeds matter", "Seed"),
        ("np.random.RandomState(recipe.seed)", "np.random", "random is its own", "shared random"),
        ("np.random.RandomState(recipe.seed)", "np.random.RandomState()", "repeats", "second time"),
        ("np.random.RandomState(recipe.seed)", "np.random.RandomState((id(self) + recipe.seed) % 2**32)",
         "repeats", "loading anew"),
        ("np.random.RandomState(recipe.seed)", "np.random.RandomState((hash('x') + recipe.seed) % 2**32)",
         "processes", "other samples"),
        ("self.base = base", "self.base = base; import threading; self.home = threading.get_ident()",
         "threads", None),
        ('* recipe.params["contrast"]', "", "parameters are honoured", "contrast changes nothing"),
        ('recipe.params["kind"] == "inverse"', "False", "parameters are honoured", "kind changes nothing"),
        ("(1, 32, 3)", "(1, 31, 3)", "size is honoured", None),
        ("(SafetensorError, KeyError)", "(KeyError,)", "wrong weights are refused", "SafetensorError"),
        ("return Sampler(load(files[\"weights\"])[\"base\"])", "return Sampler(1.0)",
         "wrong weights are refused", "took noise for weights"),
    ],
)  # fmt: skip
def test_a_broken_promise_is_seen(plugin, old, new, check, reason):
    assert old in GOOD
    source = GOOD.replace(old, new)
    if check == "threads":
        source = source.replace(
            "return [self.one",
            "import threading\n        assert self.home == threading.get_ident()\n        return [self.one",
        )
    if check == "size is honoured":
        source = source.replace("(32, 32, 3)", "(31, 31, 3)")
    if check == "metadata":  # the runtime itself refuses these
        with pytest.raises(Exception, match=reason):
            plugin(source)
        return
    subject = plugin(source)
    found = broken(subject, check)
    assert reason is None or reason in found[check]
    assert found


@pytest.mark.parametrize(
    ("line", "check", "reason"),
    [
        ("import wave, rdkit", "import is light", "rdkit"),
        ("import time\nend = time.process_time() + 0.25\nwhile time.process_time() < end: pass",
         "import is quick", "ms, over 200 ms"),
        ("print('hello')", "import is quiet", "hello"),
        ("import socket\ntry: socket.getaddrinfo('localhost', 80)\nexcept OSError: pass",
         "import is quiet", "getaddrinfo"),
        ("open(__file__ + '.log', 'w').close()", "import is quiet", "open"),
        ("import subprocess, sys; subprocess.run([sys.executable, '-c', ''])", "import is quiet", "Popen"),
    ],
)  # fmt: skip
def test_what_an_import_must_not_do(tmp_path, monkeypatch, line, check, reason):
    monkeypatch.syspath_prepend(tmp_path)
    name = f"importing_{check.replace(' ', '_')}_{abs(hash(line)) % 10**8}"
    (tmp_path / f"{name}.py").write_text(f"{line}\n{GOOD.replace('import Field', 'import Field', 1)}")
    assert reason in broken(Guest(name), check)[check]


def test_a_plugin_that_cannot_be_imported_is_told_once():
    (reason,) = set(broken(Guest("no_such_plugin"), "import is light", "import is quick").values())
    assert "cannot be imported: ModuleNotFoundError" in reason


def test_without_weights_the_rest_is_still_checked(plugin):
    subject = plugin(GOOD)
    subject.files = None
    verdicts = {f.check: f.verdict for f in examine(subject, testing.DOMAIN_CHECKS)}
    assert verdicts["parameters are refused"] == "kept"
    assert verdicts["batches"] == verdicts["time"] == "skipped"


def test_every_check_is_a_test_of_the_class():
    tests = {name.removeprefix("test_") for name in vars(GeneratorTests) if name.startswith("test_")}
    assert tests == {name_of(check).replace(" ", "_") for check in CHECKS}


def test_the_class_asks_for_fake_weights_once(plugin):
    source = plugin(GOOD)

    class TestBars(GeneratorTests):
        plugin = source.plugin
        resolution = 32
        asked = 0

        def weights(self):
            type(self).asked += 1
            return source.files

    TestBars().test_batches()
    TestBars().test_repeats()
    assert TestBars.asked == 1
    TestBars().subject().card = None
    with pytest.raises(unittest.SkipTest):
        TestBars().test_batches()
    assert GeneratorTests._subject is None


def test_a_fake_zoo_is_a_zoo(tmp_path, plugin):
    subject = plugin(GOOD)
    with testing.fake_zoo(tmp_path, subject.generator, subject.files) as zoo:
        creation = zoo.generate("bars", seed=7, contrast=0.5)
        assert creation.data.startswith(b"\x89PNG")
        assert creation.record["model"] == "bars/fake"


class Tone:
    """A sound: a sine of a pitch drawn from the seed, as WAV, and its score as text."""

    def __init__(self, hertz):
        self.hertz = hertz

    def encode(self, format, size):
        import io
        import wave

        if format == "txt":
            return f"{self.hertz} Hz\n".encode()
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as sound:
            sound.setparams((1, 1, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(128 + int(100 * math.sin(i * self.hertz / 1273)) for i in range(800)))
        return buffer.getvalue()

    def facts(self):
        return {"hertz": self.hertz}


class Tones(Generator):
    domain, noun, title = "tones", "tone", "This Tone Does Not Exist"
    formats = ("wav", "txt")

    def load(self, card, files, device):
        return self

    def sample(self, recipes):
        return [Tone(220 + recipe.seed % 660) for recipe in recipes]


def test_a_sound_is_a_sample_like_any_other(tmp_path):
    with testing.fake_zoo(tmp_path, Tones(), {"weights": b"no weights"}) as zoo:
        assert zoo.generate("tones", seed=7).media.media_type == "audio/wav"
        assert zoo.generate("tones", seed=7).data[:4] == b"RIFF"
        assert zoo.generate("tones", seed=7, format="txt").data == b"227 Hz\n"
        subject = Subject(
            "none", generator=zoo.generator("tones"), card=zoo.card("tones"), files={"weights": b""}
        )
    checks = [
        c for c in CHECKS if name_of(c) in ("samples are delivered", "size is honoured", "repeats", "batches")
    ]
    assert [f.verdict for f in examine(subject, checks)] == ["kept"] * 4
