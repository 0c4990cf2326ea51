"""What a file says of itself: written into every format, read by us and by others, and by nobody's leave."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import time
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from doesnotexist import Picture
from doesnotexist.errors import Unmarkable
from doesnotexist.provenance import mark, record_of, statement_of, video_metadata
from doesnotexist.provenance.containers import into_png
from doesnotexist.provenance.marks import Mark, TooLarge, format_of, read, xmp_of
from doesnotexist.provenance.statements import SYNTHETIC
from doesnotexist.provenance.xmp import MAX_XMP, write

PICTURES = ("jpeg", "png", "webp", "avif")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9"/></svg>'
MOL = b"\n     RDKit          2D\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n"
SDF = MOL + b">  <formula>\nC2H6O\n\n$$$$\n"


@pytest.fixture
def record(zoo):
    return zoo.record(zoo.recipe("stripes", seed=7), {"width": 8})


@pytest.fixture
def picture():
    return Picture(np.random.RandomState(7).randint(0, 256, (48, 64, 3)).astype(np.uint8))


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


@pytest.mark.parametrize("format", PICTURES)
def test_a_picture_says_what_it_is_and_keeps_every_pixel(format, picture, record):
    plain = picture.encode(format, None)

    marked = mark(plain, format, record)

    assert (pixels(marked) == pixels(plain)).all()
    found = read(marked, format)
    assert (found.source, found.fault) == (SYNTHETIC, "")
    assert found.statement["recipe"] == record["recipe"]
    assert found.statement["weights"] == record["weights"]
    assert "does not exist" in found.statement["statement"]
    assert {"licenceCode", "licenceWeights", "licenceData"} <= found.statement.keys()


@pytest.mark.parametrize("format", PICTURES)
def test_the_same_recipe_gives_the_same_bytes(format, picture, record):
    plain = picture.encode(format, None)
    once = mark(plain, format, record)
    time.sleep(0.01)

    assert mark(plain, format, record) == once


@pytest.mark.parametrize("format", PICTURES)
def test_marking_costs_well_under_a_millisecond(format, picture, record):
    plain = picture.encode(format, None)
    times = []
    for _ in range(30):
        begun = time.perf_counter()
        mark(plain, format, record)
        times.append(time.perf_counter() - begun)

    assert min(times) < 0.0005


def test_pillow_gives_the_mark_to_everybody_who_asks_it(picture, record):
    for format in PICTURES:
        image = Image.open(io.BytesIO(mark(picture.encode(format, None), format, record)))
        assert b"trainedAlgorithmicMedia" in image.info["xmp"]


def test_a_webp_without_loss_or_with_transparency_keeps_them(record):
    layers = np.random.RandomState(1).randint(0, 256, (20, 31, 4)).astype(np.uint8)
    for options in ({"lossless": True, "exact": True}, {"quality": 80}):
        buffer = io.BytesIO()
        Image.fromarray(layers, "RGBA").save(buffer, "WEBP", **options)

        marked = mark(buffer.getvalue(), "webp", record)

        assert (pixels(marked) == pixels(buffer.getvalue())).all()
        assert read(marked, "webp").statement["seed"] == "7"


def test_an_avif_of_several_parts_is_marked_beside_them(record):
    layers = np.random.RandomState(1).randint(0, 256, (20, 31, 4)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(layers, "RGBA").save(buffer, "AVIF")

    marked = mark(buffer.getvalue(), "avif", record)

    assert (pixels(marked) == pixels(buffer.getvalue())).all()
    assert read(marked, "avif").statement["seed"] == "7"


def test_a_png_keeps_what_else_it_says(picture, record):
    notes = PngImagePlugin.PngInfo()
    notes.add_text("SMILES rdkit", "CCO")
    buffer = io.BytesIO()
    Image.fromarray(picture.pixels).save(buffer, "PNG", pnginfo=notes)

    marked = Image.open(io.BytesIO(mark(buffer.getvalue(), "png", record)))

    assert marked.info["SMILES rdkit"] == "CCO"


@pytest.mark.parametrize(("format", "plain"), [("svg", SVG), ("sdf", SDF)])
def test_drawings_and_tables_have_room_for_all_of_it(format, plain, record):
    found = read(mark(plain, format, record), format)

    assert found.source == SYNTHETIC
    assert found.statement == statement_of(record, made=plain)


@pytest.mark.parametrize(("format", "plain"), [("mol", MOL), ("smi", b"CCO\n")])
def test_the_formats_with_one_line_of_room_have_the_recipe(format, plain, record):
    marked = mark(plain, format, record)

    assert read(marked, format).statement == {"recipe": record["recipe"]}
    assert max(map(len, marked.split(b"\n"))) <= 80


def test_a_recipe_too_long_for_a_line_leaves_model_and_seed(zoo, record):
    long = {**record, "recipe": record["recipe"] + "&words=" + "a" * 60}

    line = mark(MOL, "mol", long).split(b"\n")[2]

    assert line == b"does not exist: stripes/one seed 7"
    assert read(mark(MOL, "mol", long), "mol") == Mark(statement={"model": "stripes/one", "seed": "7"})


def test_a_seed_that_may_be_cut_is_not_read(zoo, record):
    long = {**record, "model": "stripes/" + "a" * 54, "recipe": "x" * 99}

    assert read(mark(MOL, "mol", long), "mol") == Mark()


def test_a_name_that_a_plugin_gave_its_structure_stays(record):
    assert mark(b"CCO ethanol\n", "smi", record) == b"CCO ethanol\n"


def test_words_are_words_and_have_no_place_for_a_mark(record):
    assert mark(b"a word", "txt", record) == b"a word"


def test_a_sound_says_it_too(record):
    samples = b"\1\2\3"
    chunks = b"fmt " + (16).to_bytes(4, "little") + bytes(16) + b"data" + b"\3\0\0\0" + samples + b"\0"
    plain = b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WAVE" + chunks

    assert read(mark(plain, "wav", record), "wav").statement["recipe"] == record["recipe"]


def test_a_record_in_json_is_its_own_mark(zoo):
    media = zoo.render(zoo.recipe("stripes", seed=7), "json")

    found = read(media.data, "json")

    assert (found.source, found.statement["seed"]) == (SYNTHETIC, "7")


def test_a_plugin_cannot_say_that_its_sample_exists(zoo):
    recipe = zoo.recipe("stripes", seed=7)
    lies = {"exists": True, "digital_source_type": "digitalCapture", "seed": 8, "formula": "C2H6O"}

    record = record_of(zoo.card("stripes"), recipe, lies)

    assert (record["exists"], record["seed"], record["formula"]) == (False, 7, "C2H6O")
    assert record["digital_source_type"] == SYNTHETIC


@pytest.mark.parametrize("format", PICTURES)
def test_what_the_zoo_gives_is_marked(zoo, format):
    media = zoo.render(zoo.recipe("stripes", seed=7), format, 16)

    statement = read(media.data, format).statement

    assert (statement["seed"], statement["size"]) == ("7", "16")


def test_no_mark_names_a_place_on_this_machine(zoo, tmp_path):
    for format in (*PICTURES, "json"):
        data = zoo.render(zoo.recipe("stripes", seed=7), format).data
        assert str(tmp_path).encode() not in data
        assert str(zoo.store.root).encode() not in data


def test_licences_with_odd_signs_are_written_as_they_are(record):
    odd = "a & b < c > \"d\" 'e' \x00\x0b ]]> 學 \n two"
    licence = {**record["licence"], "weights": odd}

    found = read(mark(SVG, "svg", {**record, "licence": licence}), "svg")

    assert found.statement["licenceWeights"] == odd.replace("\x00\x0b", "��")


def test_licences_without_end_are_cut(picture, record):
    licence = {**record["licence"], "weights": "學" * 100_000}

    marked = mark(picture.encode("jpeg", None), "jpeg", {**record, "licence": licence})

    assert len(read(marked, "jpeg").statement["licenceWeights"]) == 1000


# Bytes that a plugin may hand over under the name of a format.
@pytest.mark.parametrize(
    ("format", "data"),
    [
        ("jpeg", b"\xff\xd8\xff"),
        ("png", b"\x89PNG\r\n\x1a\n"),
        ("webp", b"RIFF\4\0\0\0WEBP"),
        ("webp", b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff"),
        ("avif", b"\0\0\0\x10ftypavif\xff\xff\xff\xffmeta"),
        ("mp4", b"\0\0\0\1ftypisom"),
        ("svg", b"<svg/>"),
        ("sdf", b"M  END"),
        ("mol", b"M  END"),
    ],
)
def test_what_is_not_built_as_its_format_cannot_be_marked(format, data, record):
    with pytest.raises(Unmarkable):
        mark(data, format, record)


def test_videos_say_it_in_their_tags_and_mp4_in_xmp(tmp_path, record):
    av = pytest.importorskip("av")
    for format, codec in (("mp4", "mpeg4"), ("webm", "libvpx-vp9")):
        options = {"movflags": "use_metadata_tags"} if format == "mp4" else {}
        path = tmp_path / f"a.{format}"
        with av.open(str(path), "w", options=options) as video:
            video.metadata.update(video_metadata(record))
            stream = video.add_stream(codec, rate=24)
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            video.mux(stream.encode(frame))
            video.mux(stream.encode(None))
        if format == "mp4":
            path.write_bytes(mark(path.read_bytes(), "mp4", record))
            assert read(path.read_bytes(), "mp4").statement["recipe"] == record["recipe"]
        found = read(path.read_bytes(), format_of(path.read_bytes()))
        assert (found.source, found.fault) == (SYNTHETIC, "")
        with av.open(str(path)) as video:
            tags = {name.lower(): text for name, text in video.metadata.items()}
            assert sum(1 for _ in video.decode(video=0)) == 1
        assert "does not exist" in tags["comment"]
        assert tags["digitalsourcetype"] == SYNTHETIC
        assert tags["recipe"] == record["recipe"]


# Somebody else's reader.
needs_exiftool = pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed here")


@needs_exiftool
@pytest.mark.parametrize("format", [*PICTURES, "svg"])
def test_exiftool_says_synthetic_model_seed_and_licence(format, zoo, picture, record, tmp_path):
    plain = SVG if format == "svg" else picture.encode(format, None)
    path = tmp_path / f"a.{format}"
    path.write_bytes(mark(plain, format, record))

    told = subprocess.run(["exiftool", "-json", "-G1", path], capture_output=True, check=True)

    found = json.loads(told.stdout)[0]
    assert found["XMP-iptcExt:DigitalSourceType"] == SYNTHETIC
    assert found["XMP-doesnotexist:Model"] == "stripes/one"
    assert found["XMP-doesnotexist:Seed"] == 7
    assert found["XMP-doesnotexist:Recipe"] == record["recipe"]
    assert found["XMP-xmpRights:UsageTerms"] == "CC0-1.0"
    assert "does not exist" in found["XMP-dc:Description"]
    assert "ExifTool:Warning" not in found


@needs_exiftool
def test_a_mark_that_exiftool_has_rewritten_is_still_read(picture, record, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(mark(picture.encode("jpeg", None), "jpeg", record))

    subprocess.run(["exiftool", "-q", "-XMP-dc:Title=mine", path], check=True)

    assert read(path.read_bytes(), "jpeg").statement["recipe"] == record["recipe"]


# What strangers may send.
def laughing(letters="utf-8"):
    lines = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{lines}]><x>&a9;</x>'.encode(letters)


@pytest.mark.parametrize(
    ("xmp", "reason"),
    [
        (laughing(), "entities"),
        (laughing("utf-16"), "UTF-8"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "entities"),
        (b"<x>" * 15_000, "cannot be read"),
        (b"<x>" + b"a" * MAX_XMP, "longer than"),
        (b"\xff\xfe<x/>", "UTF-8"),
        (b"no XML", "cannot be read"),
    ],
)
def test_hostile_xmp_is_told_and_costs_nothing(picture, xmp, reason):
    begun = time.perf_counter()

    found = read(into_png(picture.encode("png", None), xmp), "png")

    assert reason in found.fault
    assert found.statement == {}
    assert time.perf_counter() - begun < 2  # on a busy machine


def test_xmp_that_says_two_things_says_none(picture, record):
    said = write(statement_of(record))
    twice = said.replace("<dc:rights>", "<doesnotexist:seed>8</doesnotexist:seed><dc:rights>")

    assert "seed twice" in read(into_png(picture.encode("png", None), twice.encode()), "png").fault


def test_a_deep_document_is_read_without_falling_over(picture):
    deep = b"<a>" * 8_000 + b"</a>" * 8_000

    assert read(into_png(picture.encode("png", None), deep), "png") == Mark()


def test_a_text_that_unfolds_to_gigabytes_is_not_unfolded(picture):
    plain = picture.encode("png", None)
    packed = zlib.compress(bytes(100_000_000), 1)
    body = b"iTXtXML:com.adobe.xmp\0\1\0\0\0" + packed
    bomb = plain[:33] + (len(body) - 4).to_bytes(4) + body + zlib.crc32(body).to_bytes(4) + plain[33:]

    assert read(bomb, "png").statement == {}


@pytest.mark.parametrize("sides", [(5_000, 5_000), (20_000, 10_000), (60_000, 60_000)])
def test_a_picture_of_too_many_pixels_is_not_opened(picture, sides):
    plain = picture.encode("png", None)
    head = b"IHDR" + sides[0].to_bytes(4) + sides[1].to_bytes(4) + plain[24:29]
    bomb = plain[:12] + head + zlib.crc32(head).to_bytes(4) + plain[33:]

    with pytest.raises(TooLarge):
        xmp_of(bomb, "png")


@pytest.mark.parametrize("data", [b"", b"\0", b"hello", b"\xff\xd8", b"{", b"%PDF-1.7", b"GIF89a", b"<html>"])
def test_what_is_none_of_ours_is_none_or_unmarked(data):
    format = format_of(data)

    assert format in ("", "json")
    assert read(data, format).statement == {}


@pytest.mark.parametrize(
    "data", [b"[]", b"{}", b"[" * 100_000, b'{"licence": 7}', b'{"licence": {}, "params": []}']
)
def test_json_of_others_is_no_record(data):
    assert read(data, "json").statement == {}


def test_a_record_whose_values_are_no_text_is_none(record):
    for name in ("recipe", "model", "digital_source_type", "statement"):
        for value in (["a"], {"a": 1}, 7, None, True):
            assert read(json.dumps({**record, name: value}).encode(), "json").statement.get(name) is None
