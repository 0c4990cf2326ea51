"""What two files show, when one of them was built to look like the other to a program alone."""

from __future__ import annotations

import struct
import time

import pytest

from doesnotexist.inspection.comparing import difference

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><metadata>words</metadata><path d="M0 0"/></svg>'


def test_words_in_the_metadata_of_a_drawing_are_left_aside():
    other = SVG.replace("words", "<x xmlns='urn:x'>others</x>")

    assert not difference(other.encode(), SVG.encode(), "svg").told


@pytest.mark.parametrize("active", ["<style>path{display:none}</style>", "<script>alert(1)</script>"])
def test_what_is_at_work_in_the_metadata_of_a_drawing_is_seen(active):
    with pytest.raises(ValueError, match="more than words"):
        difference(SVG.replace("words", active).encode(), SVG.encode(), "svg")


def test_a_style_before_a_drawing_is_seen():
    styled = f'<?xml-stylesheet href="data:text/css,path{{display:none}}"?>{SVG}'

    assert difference(styled.encode(), SVG.encode(), "svg").told


def test_a_drawing_that_is_nested_deep_costs_little():
    begun = time.monotonic()
    deep = "".join(f'<a xmlns:b{n}="u{n}">' for n in range(15_000)) + "</a>" * 15_000

    assert difference(SVG.replace("words", deep).encode(), SVG.encode(), "svg").told
    assert time.monotonic() - begun < 3


def test_a_second_structure_is_seen():
    assert not difference(b"CCO another-name\n", b"CCO name\n", "smi").told
    assert difference(b"CCO name\nCCCN\n", b"CCO name\n", "smi").told


def test_a_second_sound_is_seen():
    def wav(*sounds):
        chunks = b"".join(b"data" + struct.pack("<I", len(sound)) + sound for sound in sounds)
        body = b"WAVEfmt " + struct.pack("<I", 16) + bytes(16) + chunks
        return b"RIFF" + struct.pack("<I", len(body)) + body

    assert not difference(wav(b"true"), wav(b"true"), "wav").told
    with pytest.raises(ValueError, match="two"):
        difference(wav(b"fake", b"true"), wav(b"true"), "wav")
