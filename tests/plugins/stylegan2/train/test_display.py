"""What a person sees, and a log file does not."""

from __future__ import annotations

import io
from types import SimpleNamespace

from rich.console import Console

from doesnotexist_stylegan2.train.display import Display
from doesnotexist_stylegan2.train.state import Report

REPORT = Report(generator=1.25, discriminator=2.5, moments=3.5, deviation=0.5, real_sign=1, fake_sign=-1)


def shown(terminal):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=200)
    with Display(console) as display:
        for images in (320, 640):
            display(SimpleNamespace(seconds=images / 32, images=images), REPORT, images / 1280)
    return stream.getvalue()


def test_a_terminal_shows_images_speed_time_left_and_losses():
    text = shown(terminal=True)

    assert "640 images, 32/s, 0 min left" in text
    assert "generator 1.25, discriminators 2.50, moments 3.50" in text


def test_no_terminal_no_progress():
    assert shown(terminal=False) == ""
