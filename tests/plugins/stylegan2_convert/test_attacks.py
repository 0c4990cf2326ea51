"""No hostile checkpoint does anything: each ends in one line, no canary, no doings of Python's."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from doesnotexist.errors import ConversionRefused, DoesNotExistError, WeightsInvalid

from .attacks import CALLED, gallery

GALLERY = dict(gallery())


def test_the_gallery_is_large():
    assert len(GALLERY) >= 120
    assert len(set(GALLERY.values())) == len(GALLERY)


# Odd values that are no danger: they are read, and found to be no checkpoint.
READABLE = {
    f"opcode-{name}" for name in ("deep-tuples", "deep-lists", "list-of-itself", "dict-of-itself", "laughs")
}


@pytest.mark.parametrize("name", GALLERY)
def test_refused_in_one_line(name, read):
    started = time.process_time()
    found = read(GALLERY[name])

    assert isinstance(found, ConversionRefused | WeightsInvalid), name
    assert str(found).isprintable()
    assert len(str(found)) < 400
    assert time.process_time() - started < 2
    # By the reader itself, not for being unlike a checkpoint, which the next attack would be.
    assert ("it holds a" in str(found)) == (name in READABLE)


@pytest.mark.parametrize("path", CALLED)
def test_the_offender_is_named(path, read):
    for protocol in range(6):
        found = read(GALLERY[f"call-{path}-p{protocol}"])
        assert isinstance(found, ConversionRefused)
        assert path == found.offender


@pytest.mark.parametrize("protocol", range(6))
def test_the_canary_would_sing(protocol, tmp_path):
    """Otherwise its silence would prove nothing."""
    unsafe = "import pickle, sys; pickle.loads(sys.stdin.buffer.read())"
    attack = GALLERY[f"call-os.system-p{protocol}"]
    subprocess.run([sys.executable, "-c", unsafe], input=attack, cwd=tmp_path, check=True)
    assert (tmp_path / "PWNED").exists()


def test_refusals_are_the_projects_own():
    assert issubclass(ConversionRefused, DoesNotExistError)
    assert ConversionRefused("x", "os.system").exit_code == 3
