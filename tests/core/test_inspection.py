"""What is valid, what is broken, and what nobody can know.

Files are read in this process here, as the confined one does it; that one is in `test_inspection_reading`.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import subprocess
import sys
import time
import zipfile
import zlib

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from doesnotexist import Picture, Settings, Zoo
from doesnotexist.commands.inspect import EXIT, inspect_command
from doesnotexist.errors import InvalidParameter
from doesnotexist.inspection import child
from doesnotexist.inspection.comparing import difference_hash
from doesnotexist.inspection.verdicts import MAX_BYTES
from doesnotexist.inspection.verdicts import inspect as inspect_by
from doesnotexist.media import as_json
from doesnotexist.provenance import certificates, mark
from doesnotexist.provenance.boxes import into_avif
from doesnotexist.provenance.containers import into_jpeg, into_png, into_webp
from doesnotexist.provenance.credentials import authority_of, installed
from doesnotexist.provenance.marks import xmp_of

PICTURES = ("jpeg", "png", "webp", "avif")
INTO = {"jpeg": into_jpeg, "png": into_png, "webp": into_webp, "avif": into_avif}


def inspect(data, zoo, authorities=""):
    return inspect_by(data, zoo, authorities, ask=child.answer)


@pytest.fixture
def recipe(zoo):
    return zoo.recipe("stripes", seed=7)


def verdicts(report):
    return {finding.what: finding.verdict for finding in report.findings}


def told(report):
    return " ".join(finding.told for finding in report.findings)


def pixels(data):
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


def repainted(data, format, change):
    """The file with `change` done to its pixels, and its own mark put back."""
    painted = pixels(data)
    change(painted)
    return INTO[format](Picture(painted).encode(format, None), xmp_of(data, format))


@pytest.mark.parametrize("size", [None, 16])
@pytest.mark.parametrize("format", [*PICTURES, "json"])
def test_what_was_made_here_is_valid(zoo, recipe, format, size):
    report = inspect(zoo.render(recipe, format, size).data, zoo)

    assert report.verdict == "valid"
    assert report.says["recipe"] == str(recipe)
    assert report.source.endswith("trainedAlgorithmicMedia")


def test_a_file_that_was_only_marked_anew_is_valid_to_the_pixel(zoo, recipe):
    data = repainted(zoo.render(recipe, "png").data, "png", lambda painted: None)
    report = inspect(data, zoo)

    assert report.verdict == "valid"


@pytest.mark.parametrize("levels", [1, 40])
def test_one_changed_pixel_of_a_lossless_file_is_broken(zoo, recipe, levels):
    def change(painted):
        painted[3, 5, 1] = painted[3, 5, 1] - levels if painted[3, 5, 1] > 128 else painted[3, 5, 1] + levels

    report = inspect(repainted(zoo.render(recipe, "png").data, "png", change), zoo)

    assert report.verdict == "broken"
    assert f"1 of 64 pixels differ, by up to {levels} of 255 levels" in told(report)


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_one_changed_pixel_of_a_lossy_file_is_broken(zoo, recipe, format):
    def change(painted):
        painted[3, 5] = 255 - painted[3, 5]

    report = inspect(repainted(zoo.render(recipe, format).data, format, change), zoo)

    assert report.verdict == "broken"


def test_what_another_machine_rounds_otherwise_is_unknown_not_broken(zoo, stripes, recipe):
    here = zoo.render(recipe, "png").data
    elsewhere = pixels(here)
    elsewhere[::3, ::2] ^= 1
    data = mark(Picture(elsewhere).encode("png", None), "png", zoo.record(recipe, {}))

    report = inspect(data, zoo)

    assert verdicts(report)["sample"] == "unknown"
    assert "another machine" in told(report)


def test_but_another_picture_under_this_recipe_is_broken(zoo, recipe):
    other = Picture(pixels(zoo.render(zoo.recipe("stripes", seed=8), "png").data)).encode("png", None)

    report = inspect(mark(other, "png", zoo.record(recipe, {})), zoo)

    assert verdicts(report)["sample"] == "broken"


def test_two_marks_in_one_file_are_broken(zoo, recipe):
    other = zoo.render(zoo.recipe("stripes", seed=8), "png").data

    report = inspect(mark(other, "png", zoo.record(recipe, {})), zoo)

    assert verdicts(report) == {"mark": "broken"}


def test_a_smaller_copy_with_its_mark_is_broken_and_said_to_look_the_same(zoo, recipe):
    data = zoo.render(recipe, "png", 64).data
    small = Image.fromarray(pixels(data)).resize((32, 32), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "PNG")

    report = inspect(into_png(buffer.getvalue(), xmp_of(data, "png")), zoo)

    assert report.verdict == "broken"
    assert "32 × 32 pixels, not 64 × 64" in told(report)
    assert "looks the same" in told(report)


def test_the_perceptual_hash_survives_scaling_and_compression_and_tells_pictures_apart(zoo):
    random_state = np.random.RandomState(3)

    def soft():
        small = Image.fromarray(random_state.randint(0, 256, (7, 7, 3)).astype(np.uint8))
        return small.resize((128, 128), Image.Resampling.BICUBIC)

    def hashed(image):
        return difference_hash(np.asarray(image.convert("RGBA")))

    pictures = [soft() for _ in range(20)]
    for one in pictures:
        buffer = io.BytesIO()
        one.resize((90, 90)).save(buffer, "JPEG", quality=50)
        copy = Image.open(io.BytesIO(buffer.getvalue()))
        assert (hashed(one) ^ hashed(copy)).bit_count() <= 4
    distances = [(hashed(a) ^ hashed(b)).bit_count() for a in pictures for b in pictures if a is not b]
    assert min(distances) > 8


def test_a_file_whose_marks_were_stripped_is_unknown_and_the_reason_is_given(zoo, recipe):
    buffer = io.BytesIO()
    Image.fromarray(pixels(zoo.render(recipe, "png").data)).save(buffer, "PNG")

    report = inspect(buffer.getvalue(), zoo)

    assert (report.verdict, report.says) == ("unknown", {})
    assert "cannot tell" in told(report)


def test_without_the_model_a_mark_is_a_claim(
    zoo, recipe, settings, make_plugin, stripes, cards_file, tmp_path
):
    from doesnotexist.plugins import Plugins

    data = zoo.render(recipe, "png").data
    plugins = Plugins(only=frozenset())
    plugins.register(make_plugin(stripes, cards_file("one")), "stripes")
    with Zoo(settings.model_copy(update={"store": tmp_path / "empty"}), plugins) as other:
        report = inspect(data, other)

    assert report.verdict == "unknown"
    assert "doesnotexist pull stripes/one" in told(report)


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


def test_a_record_with_half_a_letter_is_broken_and_can_be_told(zoo, recipe):
    record = zoo.record(recipe, {}) | {"credit": "\ud800"}

    report = inspect(json.dumps(record).encode(), zoo)

    assert report.verdict == "broken"
    assert as_json(report.as_data())


def test_a_polyglot_is_told(zoo, recipe):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("run.sh", "echo")

    report = inspect(zoo.render(recipe, "png").data + archive.getvalue(), zoo)

    assert verdicts(report)["file"] == "unknown"
    assert "something was added" in told(report)


def test_a_file_that_is_too_long_is_not_looked_at(zoo):
    assert "longer than" in told(inspect(b"\x89PNG\r\n\x1a\n" + bytes(MAX_BYTES), zoo))


def test_a_drawing_of_a_million_elements_costs_nothing(zoo):
    begun = time.monotonic()
    deep = b'<svg xmlns="http://www.w3.org/2000/svg">' + b"<a>" * 500_000 + b"</a>" * 500_000 + b"</svg>"
    full = deep[:40] + b"<a>" * 70_000 + b"</a>" * 70_000 + b"</svg>"

    assert inspect(deep, zoo).verdict == "unknown"
    assert inspect(full, zoo).verdict in ("unknown", "broken")
    assert time.monotonic() - begun < 5  # on a busy machine


def test_a_name_of_endless_digits_costs_nothing(zoo):
    begun = time.monotonic()

    # a pattern that tries every way to part them would take days, and the interpreter's lock with it
    report = inspect(b"C a/b@" + b"0" * 12 + b"?seed=" + b"0" * 200_000 + b" .", zoo)

    assert report.verdict == "unknown"
    assert time.monotonic() - begun < 5


def test_a_picture_of_too_many_pixels_is_unknown(zoo, recipe):
    plain = Picture(np.zeros((9, 9, 3), np.uint8)).encode("png", None)
    head = b"IHDR" + (50_000).to_bytes(4) * 2 + plain[24:29]

    report = inspect(plain[:12] + head + zlib.crc32(head).to_bytes(4) + plain[33:], zoo)

    assert (report.verdict, report.findings[0].what) == ("unknown", "file")


@pytest.mark.parametrize("format", [*PICTURES, "json"])
def test_a_file_cut_anywhere_is_never_valid_and_never_raises(zoo, recipe, format):
    data = zoo.render(recipe, format).data

    for end in range(0, len(data) - 1, max(1, len(data) // 60)):
        assert inspect(data[:end], zoo).verdict != "valid" or format == "webp"


@pytest.mark.parametrize("format", PICTURES)
def test_no_change_of_bytes_makes_inspect_raise_or_vouch_for_other_pixels(zoo, recipe, format):
    data = zoo.render(recipe, format).data
    right = pixels(data)
    dice = random.Random(20261122)
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(dice.randint(1, 5)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)

        report = inspect(bytes(changed), zoo)

        if report.verdict == "valid":
            assert (pixels(bytes(changed)) == right).all()


@pytest.mark.skipif(not installed(), reason="the extra [provenance] is not installed here")
@pytest.mark.parametrize("format", PICTURES)
def test_with_a_signature_one_changed_byte_of_the_picture_is_broken(zoo, recipe, tmp_path, format):
    certificates.make_credentials(tmp_path / "keys", "The tests")
    signing = Settings(**{**zoo.settings.model_dump(), "credentials": tmp_path / "keys"})
    with Zoo(signing, zoo.plugins) as signed_zoo:
        data = signed_zoo.render(recipe, format).data
        at_home = inspect(data, signed_zoo)
    authority = authority_of(tmp_path / "keys")
    elsewhere, trusting = inspect(data, zoo), inspect(data, zoo, authority)
    changed = bytearray(data)
    changed[-60] ^= 1

    assert verdicts(at_home) == {"mark": "unknown", "signature": "valid", "sample": "valid"}
    assert verdicts(elsewhere) == {"mark": "unknown", "signature": "unknown", "sample": "valid"}
    assert verdicts(trusting)["signature"] == "valid"
    assert verdicts(inspect(bytes(changed), zoo, authority))["signature"] == "broken"


def run(zoo, *arguments, **given):
    class Session:
        pass

    session = Session()
    session.zoo = zoo
    return CliRunner().invoke(inspect_command, [*arguments], obj=session, **given)


def test_the_command_ends_with_what_it_found(zoo, recipe, tmp_path):
    files = {"valid": zoo.render(recipe, "png").data, "unknown": b"something else"}
    files["broken"] = repainted(files["valid"], "png", lambda painted: painted.fill(9))
    for verdict, data in files.items():
        path = tmp_path / verdict
        path.write_bytes(data)

        result = run(zoo, str(path))

        assert result.exit_code == EXIT[verdict]
        assert result.output.splitlines()[0].endswith(f": {verdict}")


def test_what_is_no_certificate_is_not_trusted_in_silence(zoo, tmp_path):
    (tmp_path / "a").write_text("no certificate")

    assert isinstance(
        run(zoo, str(tmp_path / "a"), "--trust", str(tmp_path / "a")).exception, InvalidParameter
    )


def test_the_command_tells_programs(zoo, recipe):
    result = run(zoo, "-", "--json", input=zoo.render(recipe, "jpeg").data)

    report = json.loads(result.output)
    assert (report["verdict"], report["says"]["seed"]) == ("valid", "7")


def test_marks_of_strangers_are_no_markup_for_the_terminal(zoo, recipe, tmp_path):
    data = zoo.render(recipe, "png").data
    text = re.sub(
        'doesnotexist:generator="[^"]*"',
        'doesnotexist:generator="[red]x[/red]"',
        xmp_of(data, "png").decode(),
    )
    path = tmp_path / "a.png"
    path.write_bytes(into_png(Picture(pixels(data)).encode("png", None), text.encode()))

    assert "[red]x[/red]" in run(zoo, str(path)).output


def test_made_signed_changed_and_inspected_in_processes_of_their_own(tmp_path):
    environment = {name: text for name, text in os.environ.items() if not name.startswith("DOESNOTEXIST_")}
    if installed():
        certificates.make_credentials(tmp_path / "keys", "The tests")
        environment["DOESNOTEXIST_CREDENTIALS"] = str(tmp_path / "keys")

    def call(*arguments):
        command = [sys.executable, "-m", "doesnotexist", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)

    made = call("generate", "chemicals", "--seed", "7", "--format", "png", "--out", "a.png")
    assert made.returncode == 0, made.stderr
    assert call("inspect", "a.png").returncode == 0
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(repainted(data, "png", lambda painted: painted[0, :1].fill(0)))
    assert call("inspect", "b.png").returncode == 1
