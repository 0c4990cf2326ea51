"""What a person sees, and a log file does not."""

from __future__ import annotations

import io
from types import SimpleNamespace

from rich.console import Console

from doesnotexist_stylegan2.train.display import Display
from doesnotexist_stylegan2.train.judge import Verdict
from doesnotexist_stylegan2.train.state import Report

REPORT = Report(
    generator=1.25, discriminator=2.5, moments=3.5, transport=4.5, deviation=0.5, real_sign=1, fake_sign=-1
)


def shown(terminal, verdict=None):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=300)
    with Display(console) as display:
        for images in (320, 640):
            display(
                SimpleNamespace(seconds=images / 32, images=images, verdict=verdict, best=80.0),
                REPORT,
                images / 1280,
            )
    return stream.getvalue()


def test_a_terminal_shows_images_speed_time_left_and_losses():
    text = shown(terminal=True)

    assert "640 images, 32/s, 0 min left" in text
    assert "generator 1.25, discriminators 2.50, moments 3.50, transport 4.50" in text
    assert "Fréchet" not in text


def test_the_figure_is_shown_as_soon_as_there_is_one():
    text = shown(terminal=True, verdict=Verdict(frechet=123.4, variety=0.9, directions=0.8))

    assert "Fréchet 123 (best 80)" in text


def test_no_terminal_no_progress():
    assert shown(terminal=False) == ""
