"""How the site speaks of a network."""

from __future__ import annotations

from pathlib import Path

import pytest

import doesnotexist_web
from doesnotexist_web.pages import voices
from doesnotexist_web.pages.voices import voice_of


@pytest.mark.parametrize(
    ("architecture", "domain", "voice"),
    [
        ("stylegan2", "blots", voices.GAN),
        ("stylegan2-ada", "blots", voices.GAN),
        ("lstm", "blots", voices.LANGUAGE),
        ("lstm", "molecules", voices.MOLECULES),
        ("drawn-by-hand", "blots", voices.NETWORK),
    ],
)
def test_each_network_has_its_voice(zoo, architecture, domain, voice):
    generator = zoo.generator("blots")
    if domain == "molecules":
        generator = type("Molecules", (type(generator),), {"formats": ("svg", "smi")})()
    card = zoo.card("blots").model_copy(update={"architecture": architecture})

    assert voice_of(generator, card) == voice


def test_a_generator_speaks_for_itself(zoo):
    generator = type("Drawn", (type(zoo.generator("blots")),), {"imagined_by": "a steady hand"})()
    assert voice_of(generator, zoo.card("blots")) == voices.Voice("own.html", "a steady hand")
    assert (Path(doesnotexist_web.__file__).parent / "templates" / "how" / "own.html").is_file()


@pytest.mark.parametrize("voice", [voices.GAN, voices.MOLECULES, voices.LANGUAGE, voices.NETWORK])
def test_each_voice_can_say_how_it_works(voice):
    folder = Path(doesnotexist_web.__file__).parent / "templates" / "how"

    assert (folder / voice.template).is_file()
