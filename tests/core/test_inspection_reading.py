"""Files made to crash, to hang, or to fill the memory of who reads them: each costs one answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

from doesnotexist import Picture, confinement
from doesnotexist.errors import FileUnread
from doesnotexist.inspection import child, reading
from doesnotexist.inspection.verdicts import inspect
from doesnotexist.provenance import mark
from doesnotexist.provenance.containers import into_png
from doesnotexist.provenance.credentials import installed
from doesnotexist.provenance.marks import xmp_of

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)


def png(width: int, height: int, *more: bytes, pixels: bytes = b"") -> bytes:
    """A PNG of RGBA pixels as somebody wants it to be."""
    head = width.to_bytes(4) + height.to_bytes(4) + b"\x08\x06\x00\x00\x00"
    return SIGNATURE + chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """A great many zeros, packed."""
    packer = zlib.compressobj(9)
    most = b"".join(packer.compress(bytes(2**20)) for _ in range(count >> 20))
    return most + packer.compress(bytes(count % 2**20)) + packer.flush()


@pytest.fixture
def marked(zoo):
    """A file with the mark of one made here, whatever else it is."""
    recipe = zoo.recipe("stripes", seed=7)
    return lambda data: into_png(data, xmp_of(zoo.render(recipe, "png").data, "png"))


def test_what_was_made_here_is_valid_also_by_the_confined_reader(zoo):
    recipe = zoo.recipe("stripes", seed=7)
    for format in ("jpeg", "png", "webp", "avif", "json"):
        data = zoo.render(recipe, format).data

        assert inspect(data, zoo).verdict == "valid"
        if format != "json":  # behind the end, so that it has to be decoded
            assert "to the last one" in inspect(data + b"\0", zoo).findings[1].told


@pytest.mark.parametrize(
    "bomb",
    [
        png(20_000, 20_000, pixels=zeros(2**28)),
        png(4096, 4096, pixels=zeros(2**26 + 4096)),
        png(4096, 4096, pixels=zeros(2**20)),  # truncated
        png(8, 8, chunk(b"zTXt", b"Comment\0\0" + zeros(2**28))),
        png(8, 8, chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros(2**28))),
        png(8, 8, chunk(b"iCCP", b"icc\0\0" + zeros(2**28))),
        png(8, 8, *[chunk(b"tEXt", b"a%d\0b" % n) for n in range(20_000)]),
        png(8, 8, chunk(b"acTL", (2**31 - 1).to_bytes(4) + bytes(4))),
        SIGNATURE + b"\x7f\xff\xff\xffIDAT",
    ],
    ids=["pixels", "largest", "cut", "text", "packet", "profile", "chunks", "frames", "endless"],
)
def test_bombs(zoo, marked, bomb):
    begun = time.monotonic()

    plain, with_mark = inspect(bomb, zoo), inspect(marked(bomb), zoo) if len(bomb) > 33 else None

    assert plain.verdict in ("unknown", "broken")
    assert with_mark is None or with_mark.verdict in ("unknown", "broken")
    assert time.monotonic() - begun < 4 * reading.WALL_S


def test_the_memory_of_a_bomb_is_not_taken_from_this_process(zoo, marked, tmp_path):
    """The largest picture that is decoded, with a mark that has it compared."""
    path = tmp_path / "bomb.png"
    path.write_bytes(marked(png(4096, 4096, pixels=zeros(2**26 + 4096))))
    code = (
        "import resource, sys; from doesnotexist.inspection import reading; "
        "bomb = open(sys.argv[1], 'rb').read(); reading.look(bomb, 'png', ''); "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "found = reading.compare(bomb, bomb, 'png'); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, found.difference)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)

    grown, found = done.stdout.split(maxsplit=1)
    assert int(grown) < 20_000  # KB; the pixels alone are 65,536
    assert found.startswith("Difference(told='', ")  # it was decoded, and is equal to itself


@pytest.mark.skipif(not installed(), reason="the extra [provenance] is not installed here")
@pytest.mark.parametrize("length", [0, 8, 2**31 - 1, 2**32 - 1])
@pytest.mark.parametrize("body", [b"", b"jumb", b"\0\0\0\x20jumdc2pa" + bytes(20), os.urandom(5000)])
def test_manifests_that_are_none(zoo, length, body):
    box = length.to_bytes(4) + b"jumb" + body
    picture = Picture(np.zeros((8, 8, 3), np.uint8)).encode("png", None)
    jpeg = Picture(np.zeros((8, 8, 3), np.uint8)).encode("jpeg", None)
    segment = b"\xff\xeb" + (len(box) + 10).to_bytes(2) + b"JP" + (1).to_bytes(2) + (1).to_bytes(4) + box

    for data in (picture[:33] + chunk(b"caBX", box) + picture[33:], jpeg[:2] + segment + jpeg[2:]):
        assert inspect(data, zoo).verdict in ("unknown", "broken")


DEEDS = {
    "not done within": "time.sleep(99)",
    "out of time": "while True: pass",
    "MB of memory": "held = [bytearray(2**28) for _ in range(99)]",
    "Segmentation": "ctypes.string_at(0)",
    "no way": "return {'mark': {'source': 5}, 'signature': 'mine'}",
    "exit code 1": "while True: os.write(2, b'x' * 2**16)",
    "Forbidden": "open('/etc/passwd').read()",
    "(Forbidden)": "socket.socket()",
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces the limit of memory")
@pytest.mark.parametrize("reason", DEEDS)
def test_a_decoder_that_is_taken_over_costs_one_answer(zoo, monkeypatch, reason):
    """As if a flaw in a decoder let a file do this: the fences are real, and the file is told as unread."""
    start = (
        "import ctypes, os, socket, sys, time; sys.path[:0] = sys.argv[1].splitlines()\n"
        "from doesnotexist.inspection import child\n"
        f"def deed(*_):\n    {DEEDS[reason]}\n"
        "child.CPU_SECONDS, child.answer = 2, deed\n"
        "sys.exit(child.main())"
    )
    monkeypatch.setattr(confinement, "_START", start)
    monkeypatch.setattr(reading, "WALL_S", 5 if reason.startswith("not") else 60)

    report = inspect(zoo.render(zoo.recipe("stripes", seed=7), "png").data, zoo)

    assert report.verdict == "unknown"
    assert reason in report.findings[0].told
    assert len(report.findings[0].told) < 400


def test_an_answer_is_refused_unless_it_is_one():
    for answer in (
        {},
        {"mark": {}},
        {"mark": {"source": 1}, "signature": None},
        {"stopped": "by a\nstranger"},
    ):
        with pytest.raises(FileUnread):
            reading.look(b"", "png", "", ask=lambda *_, answer=answer: answer)


def test_what_one_process_does_the_other_does_too(zoo):
    recipe = zoo.recipe("stripes", seed=7)
    made = zoo.render(recipe, "png").data
    other = mark(Picture(np.zeros((8, 8, 3), np.uint8)).encode("png", None), "png", zoo.record(recipe, {}))
    for files in ((other,), (other, made)):
        question = {"format": "png", "authorities": ""}

        assert reading.confined(question, *files) == child.answer(question, *files)
