"""What is valid, what is broken, and what nobody can know."""

from __future__ import annotations

import io
import json
import random
import time
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from doesnotexist import Picture, Settings, Zoo
from doesnotexist.inspection.comparing import difference_hash
from doesnotexist.inspection.verdicts import MAX_BYTES
from doesnotexist.media import as_json
from doesnotexist.provenance import certificates, mark
from doesnotexist.provenance.containers import into_png
from doesnotexist.provenance.credentials import authority_of, installed
from doesnotexist.provenance.marks import xmp_of

from .inspecting import PICTURES, inspect, pixels, repainted, told, verdicts


@pytest.fixture
def recipe(zoo):
    return zoo.recipe("stripes", seed=7)


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
