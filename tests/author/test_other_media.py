"""Media that are no pictures: a sound and a text keep the promises, and come over every door."""

import io
import json
import sys
import wave

import pytest

from doesnotexist.testing import Guest, Subject, examine, fake_card, fake_weights, fake_zoo

PLUGIN = '''
"""Calls of birds that do not exist, and sayings of nobody: a plugin without a picture."""
import io
import random
import wave
from pydantic import Field
from doesnotexist import Generator, Params, hookimpl
from doesnotexist.errors import WeightsInvalid

def notes_of(files):
    try:
        from safetensors.numpy import load
        return load(files["weights"])["notes"].tolist()
    except Exception as error:
        raise WeightsInvalid("calls", str(error)) from None

class Sound:
    """Mono, 8,000 samples a second, 16 bits."""
    def __init__(self, wave):
        self.wave = wave

    def encode(self, format, size):
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(8000)
            out.writeframes(self.wave)
        return buffer.getvalue()

    def facts(self):
        return {"seconds": len(self.wave) / 16000}

class Saying:
    def __init__(self, text):
        self.text = text

    def encode(self, format, size):
        return self.text.encode()

    def facts(self):
        return {"words": len(self.text.split())}

class CallParams(Params):
    speed: float = Field(1.0, ge=0.5, le=2, description="How fast it sings.")

class Calls(Generator):
    domain, noun, title = "calls", "bird call", "This Bird Call Does Not Exist"
    params = CallParams
    formats = ("wav",)
    api_version = 1

    def load(self, card, files, device):
        return CallSampler(notes_of(files))

class CallSampler:
    def __init__(self, notes):
        self.notes = notes

    def sample(self, recipes):
        import numpy as np
        found = []
        for recipe in recipes:
            draw = random.Random(recipe.seed)
            times = np.arange(int(800 / recipe.params["speed"])) / 8000
            beeps = [np.sin(6.28 * draw.choice(self.notes) * (1 + draw.random()) * times) for _ in range(5)]
            found.append(Sound((np.concatenate(beeps) * 9000).astype("<i2").tobytes()))
        return found

class Sayings(Generator):
    domain, noun, title = "sayings", "saying", "This Saying Does Not Exist"
    formats = ("txt",)
    api_version = 1

    def load(self, card, files, device):
        return SayingSampler(notes_of(files))

class SayingSampler:
    def __init__(self, notes):
        self.notes = notes

    def sample(self, recipes):
        return [self.one(random.Random(recipe.seed)) for recipe in recipes]

    def one(self, draw):
        return Saying(" ".join(f"word-{draw.choice(self.notes):.0f}-{draw.random()}" for _ in range(7)))

@hookimpl
def register_generators(register):
    register(Calls())
    register(Sayings())
'''


@pytest.fixture(scope="module")
def weights():
    import numpy as np

    return {"weights": fake_weights(notes=np.array([440.0, 550.0, 660.0, 880.0]))}


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """The name of the plugin's module, which can be imported here and in other processes."""
    name = f"calls_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize("domain", ["calls", "sayings"])
def test_it_keeps_every_promise(plugin, weights, domain):
    subject = Subject.of(plugin, domain)
    subject.files, subject.card = weights, fake_card(domain, weights)
    found = {finding.check: finding for finding in examine(subject)}
    assert [f for f in found.values() if f.verdict == "broken"] == []
    assert found["processes"].verdict == found["samples are delivered"].verdict == "kept"


@pytest.fixture
def generators(plugin):
    return Guest(plugin).loaded().generators


def site(zoo):
    from doesnotexist_web.app import create_app

    client = create_app(zoo).test_client()

    def ask(path, accept="*/*", host="localhost"):
        answer = client.get(path, headers={"Host": host, "Accept": accept})
        assert answer.status_code == 200, answer.text
        return answer

    return ask


def test_a_sound_by_every_door(generators, weights, tmp_path):
    with fake_zoo(tmp_path, generators["calls"], weights) as zoo:
        made = zoo.generate("calls", seed=7, speed=2)
        with wave.open(io.BytesIO(made.data)) as sound:
            assert (sound.getframerate(), sound.getnframes()) == (8000, 2000)
        assert made.save(tmp_path / "call.wav").read_bytes() == made.data
        ask = site(zoo)
        answer = ask("/generate/calls?seed=7&speed=2")
        assert (answer.mimetype, answer.data) == ("audio/wav", made.data)
        assert json.loads(ask("/generate/calls?seed=7&format=json").data)["seconds"] == 0.5
        page = ask("/", "text/html", "calls.localhost").text
        assert "This Bird Call Does Not Exist" in page
        assert "<audio" in page
        assert "<img" not in page
        assert "to be heard" in ask("/", "text/html").text


def test_a_text_by_every_door(generators, weights, tmp_path):
    with fake_zoo(tmp_path, generators["sayings"], weights) as zoo:
        made = zoo.generate("sayings", seed=7)
        ask = site(zoo)
        answer = ask("/generate/sayings?seed=7")
        assert (answer.mimetype, answer.data) == ("text/plain", made.data)
        page = ask("/?seed=7", "text/html", "sayings.localhost").text
        assert "This Saying Does Not Exist" in page
        assert made.data.decode() in page
