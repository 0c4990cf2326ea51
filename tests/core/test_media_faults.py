import io

import numpy as np
import pytest

from doesnotexist import Picture
from doesnotexist.media_faults import media_fault

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif"])
def test_our_own_pictures_are_what_they_claim(format):
    data = Picture(np.zeros((16, 16, 3), np.uint8)).encode(format, None)
    assert media_fault(format, data) == ""
    others = {"jpeg", "png", "webp", "avif"} - {format}
    assert all("no " + other in media_fault(other, data) for other in others)


@pytest.mark.parametrize(
    "inside",
    [
        "",
        '<g style="fill: red"><path d="M0 0L1 1"/></g>',
        '<defs><linearGradient id="a"/></defs><rect fill="url(#a)"/><use xlink:href="#a"/>',
        '<image href="data:image/png;base64,AAAA"/><style>.a { fill: url(#a) }</style><title>a</title>',
    ],
)
def test_svg_that_only_draws_is_shown(inside):
    assert media_fault("svg", SVG.format(inside).encode()) == ""


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<g onload="alert(1)"/>',
        '<g OnClick="alert(1)"/>',
        '<a xlink:href="javascript:alert(1)"><text>x</text></a>',
        '<image href="https://evil.example/x.png"/>',
        '<use href="//evil.example/x.svg#a"/>',
        '<image href="data:text/html,x"/>',
        "<foreignObject><p/></foreignObject>",
        '<style>@import "https://evil.example/x.css";</style>',
        '<rect style="fill: url(https://evil.example/x)"/>',
        '<set attributeName="href" to="javascript:alert(1)"/>',
        '<html xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_svg_that_runs_or_fetches_is_not(inside):
    assert "gave svg with" in media_fault("svg", SVG.format(inside).encode()).replace("whose", "with")


@pytest.mark.parametrize(
    ("format", "data", "reason"),
    [
        ("svg", b"<svg/>", "no svg"),
        ("svg", b"<svg", "no XML"),
        ("svg", b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", "DOCTYPE"),
        ("txt", b"\xff\xfe", "UTF-8"),
        ("txt", b"a\x00b", "control"),
        ("json", b"{", "no json"),
        ("sdf", b"\n\n\n", "end line"),
        ("png", b"<html>", "no png"),
        ("wav", b"RIFF0000AVI ", "no wav"),
        ("png", b"", "bytes"),
        ("png", "text", "str"),
        ("png", io.BytesIO(), "BytesIO"),
    ],
)
def test_the_wrong_bytes_are_named(format, data, reason):
    assert reason in media_fault(format, data)


def test_the_right_texts_pass():
    assert media_fault("txt", "A name that does not exist: Ærwyn\n".encode()) == ""
    assert media_fault("smi", b"CCO") == ""
    assert media_fault("json", b'{"a": 1}') == ""
    assert media_fault("mol", b"\n  made\n\n  0  0\nM  END\n") == ""
