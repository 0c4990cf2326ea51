"""Marks that say what is not so, in our own words or in those that other readers show."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from doesnotexist import Picture
from doesnotexist.provenance import mark
from doesnotexist.provenance.containers import into_png
from doesnotexist.provenance.marks import xmp_of

from .inspecting import INTO, PICTURES, inspect, pixels, told


@pytest.fixture
def recipe(zoo):
    return zoo.recipe("stripes", seed=7)


DIGEST = "0123456789ab"


# Forged: the statement of a real file with one thing changed.
@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({"recipe": f"dragons/one@{DIGEST}?seed=7", "model": "dragons/one"}, "unknown", "cannot be made"),
        ({"recipe": f"stripes/three@{DIGEST}?seed=7", "model": "stripes/three"}, "unknown", "cannot be made"),
        ({"recipe": f"stripes/one@{DIGEST}?seed=7"}, "unknown", "cannot be made"),
        ({"recipe": "stripes/one?seed=7"}, "broken", "other weights"),
        ({"recipe": "../../etc/passwd"}, "broken", "its recipe is none"),
        ({"recipe": f"stripes/one@{DIGEST}?seed={'9' * 5000}"}, "broken", "its recipe is none"),
        ({"recipe": f"stripes/one@{DIGEST}?seed=-1"}, "broken", "its recipe is none"),
        ({"recipe": "a" * 50_000}, "broken", "its recipe is none"),
        ({"seed": "8"}, "broken", "another model or seed"),
        ({"model": "stripes/two"}, "broken", "another model or seed"),
        ({"weights": "f" * 64}, "broken", "other weights"),
        ({"size": "999999"}, "broken", "makes nothing"),
        ({"size": "-3"}, "broken", "makes nothing"),
        ({"samples": "9"}, "unknown", "put together from"),
    ],
)
def test_forged_marks(zoo, recipe, changes, verdict, reason):
    data = zoo.render(recipe, "png").data
    text = xmp_of(data, "png").decode()
    given = recipe.weights
    for name, value in changes.items():
        if name == "samples":
            text = text.replace(" doesnotexist:seed=", f' doesnotexist:samples="{value}" doesnotexist:seed=')
        elif f" doesnotexist:{name}=" in text:
            text = re.sub(f' doesnotexist:{name}="[^"]*"', f' doesnotexist:{name}="{value}"', text)
            text = re.sub(' Iptc4xmpExt:AISystemUsed="[^"]*"', "", text)
        else:
            text = text.replace(" doesnotexist:seed=", f' doesnotexist:{name}="{value}" doesnotexist:seed=')
        if name == "recipe" and DIGEST in value:
            text = text.replace(given, DIGEST + "0" * 52)

    report = inspect(into_png(Picture(pixels(data)).encode("png", None), text.encode()), zoo)

    assert report.verdict == verdict
    assert reason in told(report)


@pytest.mark.parametrize(
    "params", ["psi=9&bold=false", "psi=nan&bold=false", "psi=0.7&bold=maybe", "dragons=1"]
)
def test_a_recipe_with_parameters_that_cannot_be_is_broken(zoo, recipe, params):
    data = zoo.render(recipe, "png").data
    forged = f"{recipe.reference}?seed=7&amp;{params.replace('&', '&amp;')}"
    text = re.sub(
        'doesnotexist:recipe="[^"]*"', f'doesnotexist:recipe="{forged}"', xmp_of(data, "png").decode()
    )

    report = inspect(into_png(Picture(pixels(data)).encode("png", None), text.encode()), zoo)

    assert report.verdict == "broken"
    assert "makes nothing" in told(report)


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("doesnotexist:licenceWeights", "CC0", "broken"),
        ("doesnotexist:credit", "somebody else", "broken"),
        ("doesnotexist:statement", "A photograph.", "broken"),
        ("doesnotexist:attribution", "none", "unknown"),  # which other readers do not show
        ("(?:doesnotexist:credit|photoshop:Credit)", "somebody else", "unknown"),  # with one voice
        ("doesnotexist:digitalSourceType", "http://x/digitalCapture", "broken"),
        ("Iptc4xmpExt:DigitalSourceType", "http://x/digitalCapture", "broken"),
        ("photoshop:Credit", "somebody else", "broken"),
        ("Iptc4xmpExt:AISystemUsed", "none: a camera", "broken"),
        ("xmp:CreatorTool", "a camera", "broken"),
    ],
)
def test_the_right_pixels_do_not_vouch_for_a_mark_that_says_otherwise(zoo, recipe, name, value, verdict):
    data = zoo.render(recipe, "png").data
    forged, count = re.subn(f'( {name}=)"[^"]*"'.encode(), rf'\1"{value}"'.encode(), xmp_of(data, "png"))
    assert count == 1 + name.count("|")

    report = inspect(into_png(Picture(pixels(data)).encode("png", None), forged), zoo)

    assert report.verdict == verdict


@pytest.mark.parametrize("format", [*PICTURES, "svg"])
@pytest.mark.parametrize("name", ["dc:rights", "dc:description", "xmpRights:UsageTerms"])
@pytest.mark.parametrize("kept", [rb"", rb"\2"])
def test_other_words_where_other_readers_look_are_broken(zoo, recipe, format, name, kept):
    """The statement is left as it is; what libraries and search engines show of the file is forged."""

    def forged(text):
        item = kept + b'<rdf:li xml:lang="en">CC0, a photograph</rdf:li>'
        text, count = re.subn(
            f"(<{name}><rdf:Alt>)(.*?)(</rdf:Alt>)".encode(), rb"\1" + item + rb"\3", text, flags=re.DOTALL
        )
        assert count == 1
        return text

    if format == "svg":
        plain = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'
        changed = forged(mark(plain, "svg", zoo.record(recipe, {})))
    else:
        data = zoo.render(recipe, format).data
        changed = INTO[format](Picture(pixels(data)).encode(format, None), forged(xmp_of(data, format)))
    report = inspect(changed, zoo)

    assert report.verdict == "broken"
    assert f"what other readers show as {name} is not" in told(report)


@pytest.mark.parametrize("more", ['cc:license="http://x/CC0"', 'xmpRights:WebStatement="http://x/CC0"'])
def test_more_words_than_are_written_here_are_not_vouched_for(zoo, recipe, more):
    data = zoo.render(recipe, "png").data
    forged = xmp_of(data, "png").replace(b" rdf:about", f' xmlns:cc="urn:cc" {more} rdf:about'.encode())

    report = inspect(into_png(Picture(pixels(data)).encode("png", None), forged), zoo)

    assert report.verdict == "unknown"
    assert "license" in told(report) or "WebStatement" in told(report)


def test_nor_are_words_in_other_places_of_the_file(zoo, recipe):
    exif = Image.Exif()
    exif[0x8298] = "CC0"  # the copyright
    for format, more in (("png", {"exif": exif}), ("jpeg", {"comment": b"CC0"}), ("webp", {"exif": exif})):
        data = zoo.render(recipe, format).data
        place = next(iter(more))
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(data)) as opened:
            info = {"quality": "keep"} if format == "jpeg" else {"lossless": True}
            opened.save(buffer, format.upper(), **info, **more)
        report = inspect(INTO[format](buffer.getvalue(), xmp_of(data, format)), zoo)

        assert report.verdict == "unknown", (format, told(report))
        assert place in told(report)


def test_a_picture_that_viewers_show_in_other_colours_or_turned_is_broken(zoo, recipe):
    from PIL import ImageCms

    data = zoo.render(recipe, "png").data
    exif = Image.Exif()
    exif[0x0112] = 3
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for more in ({"exif": exif}, {"icc_profile": profile}):
        buffer = io.BytesIO()
        Image.fromarray(pixels(data)).save(buffer, "PNG", **more)

        assert inspect(into_png(buffer.getvalue(), xmp_of(data, "png")), zoo).verdict == "broken"
