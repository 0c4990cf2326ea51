"""Whatever a server does, no wrong byte lies under a final name, and the error says what came."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doesnotexist.cards import WeightFile
from doesnotexist.downloads.download import fetch
from doesnotexist.downloads.transport import Network
from doesnotexist.errors import DownloadFailed
from doesnotexist.weights import Store

DATA = bytes(i * i % 251 for i in range(300_000))
HALF = len(DATA) // 2

MakeFile = Callable[..., WeightFile]


def part_of(store: Store, file: WeightFile) -> Path:
    return store.place(file.sha256).with_name(f"{file.sha256}.part")


def failed(file: WeightFile, store: Store, network: Network) -> str:
    """The message of a download that must fail and leave nothing under the final name."""
    with pytest.raises(DownloadFailed) as caught:
        fetch(file, store, network)

    assert not store.path(file.sha256).exists()
    return str(caught.value)


def test_a_file_arrives(server: Any, network: Network, store: Store, weight_file: MakeFile) -> None:
    server.serve("/a")
    told: list[int] = []

    path = fetch(weight_file("/a"), store, network, told.append)

    assert path.read_bytes() == DATA
    assert told == sorted(told)
    assert told[-1] == len(DATA)
    assert sorted(p.suffix for p in path.parent.iterdir()) == ["", ".lock"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert server.seen[0][2]["accept-encoding"] == "identity"


def test_a_file_that_is_here_is_not_fetched_again(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    fetch(weight_file("/a"), store, network)
    fetch(weight_file("/a"), store, network)

    assert len(server.seen) == 1


def test_a_rotten_file_is_put_aside_and_fetched_anew(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    path = fetch(weight_file("/a"), store, network)
    path.write_bytes(DATA[::-1])

    assert fetch(weight_file("/a"), store, network).read_bytes() == DATA
    assert path.with_name(f"{path.name}.wrong").read_bytes() == DATA[::-1]


@pytest.mark.parametrize("place", [0, 1, 65_535, 65_536, HALF, len(DATA) - 1])
def test_a_tampered_file_is_refused_after_one_more_try(
    server: Any, network: Network, store: Store, weight_file: MakeFile, place: int
) -> None:
    evil = bytearray(DATA)
    evil[place] ^= 1
    server.serve("/a", bytes(evil))
    file = weight_file("/a")

    message = failed(file, store, network)

    assert f"expected sha256 {file.sha256}, found " in message
    assert len(server.seen) == 2
    assert not part_of(store, file).exists()


def test_the_next_source_is_asked_when_one_fails(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/evil", DATA[::-1])
    server.serve("/good")

    path = fetch(weight_file("/absent", "/evil", "/good"), store, network)

    assert path.read_bytes() == DATA
    assert [path for _, path, _ in server.seen] == ["/absent", "/evil", "/evil", "/good"]


def test_when_all_sources_fail_the_error_says_what_each_did(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/short", DATA[:10])
    server.answers["/refused"] = lambda handler: handler.reply(403)

    message = failed(weight_file("/absent", "/short", "/refused"), store, network)

    assert "answered 404" in message
    assert f"expected {len(DATA)} bytes, it announces 10" in message
    assert "answered 403" in message
    assert "\n" not in message


def test_an_answer_that_breaks_off_is_resumed(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    honest = server.answers["/a"]

    def breaks_off_once(handler: Any) -> None:
        server.answers["/a"] = honest
        handler.reply(200, DATA[:HALF], Content_Length=str(len(DATA)))

    server.answers["/a"] = breaks_off_once

    assert fetch(weight_file("/a"), store, network).read_bytes() == DATA
    assert server.ranges() == [None, f"bytes={HALF}-"]


def test_a_part_that_an_earlier_run_left_is_resumed(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    file = weight_file("/a")
    part_of(store, file).write_bytes(DATA[:HALF])

    assert fetch(file, store, network).read_bytes() == DATA
    assert server.ranges() == [f"bytes={HALF}-"]


@pytest.mark.parametrize(
    "left", [DATA, b"", DATA[:1], DATA[:-1]], ids=["all", "nothing", "one", "all but one"]
)
def test_a_part_of_any_length_is_finished(
    server: Any, network: Network, store: Store, weight_file: MakeFile, left: bytes
) -> None:
    server.serve("/a")
    file = weight_file("/a")
    part_of(store, file).write_bytes(left)

    assert fetch(file, store, network).read_bytes() == DATA


@pytest.mark.parametrize(
    "left", [b"x" * HALF, b"x" * len(DATA), DATA + b"more"], ids=["half", "whole", "too long"]
)
def test_a_part_with_wrong_bytes_is_never_spliced(
    server: Any, network: Network, store: Store, weight_file: MakeFile, left: bytes
) -> None:
    server.serve("/a")
    file = weight_file("/a")
    part_of(store, file).write_bytes(left)

    assert fetch(file, store, network).read_bytes() == DATA


def _range(text: str, body: bytes = DATA[HALF:], status: int = 206) -> Callable[[Any], None]:
    return lambda handler: handler.reply(status, body, Content_Range=text)


TOTAL = len(DATA)


@pytest.mark.parametrize(
    "lie",
    [
        _range("", DATA, 200),
        _range(f"bytes 0-{TOTAL - 1}/{TOTAL}", DATA),
        _range(f"bytes {HALF + 1}-{TOTAL - 1}/{TOTAL}"),
        _range(f"bytes {HALF}-{TOTAL}/{TOTAL + 1}"),
        _range(f"bytes {HALF}-{TOTAL - 1}/*"),
        _range(""),
        _range("nonsense"),
        _range(f"bytes {HALF}-{TOTAL - 1}/{TOTAL}", DATA[:HALF]),
        _range(f"bytes */{TOTAL}", b"", 416),
    ],
    ids=["ignored", "from zero", "one further", "grown", "any", "none", "nonsense", "other bytes", "416"],
)
def test_a_resumed_download_survives_a_lie_about_the_range(
    server: Any, network: Network, store: Store, weight_file: MakeFile, lie: Callable[[Any], None]
) -> None:
    server.serve("/a")
    honest = server.answers["/a"]
    server.answers["/a"] = lambda handler: lie(handler) if handler.start else honest(handler)
    file = weight_file("/a")
    part_of(store, file).write_bytes(DATA[:HALF])

    assert fetch(file, store, network).read_bytes() == DATA


def test_a_416_for_ever_ends_in_an_error(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.answers["/a"] = _range(f"bytes */{TOTAL}", b"", 416)

    assert "found 416" in failed(weight_file("/a"), store, network)


def test_an_encoded_answer_is_refused(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.answers["/a"] = lambda handler: handler.reply(200, DATA, Content_Encoding="gzip")

    assert "encoded" in failed(weight_file("/a"), store, network)


@pytest.mark.parametrize("size", [0, 1, TOTAL - 1, TOTAL + 1, TOTAL * 1000])
def test_an_announced_length_that_is_not_the_files_is_refused_at_once(
    server: Any, network: Network, store: Store, weight_file: MakeFile, size: int
) -> None:
    server.answers["/a"] = lambda handler: handler.reply(200, b"", Content_Length=str(size))
    file = weight_file("/a")

    assert f"it announces {size}" in failed(file, store, network)
    assert len(server.seen) == 1
    assert part_of(store, file).stat().st_size == 0


def test_an_endless_answer_is_cut_at_the_size_of_the_file(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    sent = 0

    def endless(handler: Any) -> None:
        nonlocal sent
        handler.reply(200, Content_Length="")
        while True:
            sent += handler.wfile.write(b"x" * 10_000)

    server.answers["/a"] = endless
    file = weight_file("/a")

    assert "expected sha256" in failed(file, store, network)
    assert not part_of(store, file).exists()
    assert sent < 50_000_000


def test_a_chunked_answer_of_the_right_bytes_is_taken(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    def chunked(handler: Any) -> None:
        handler.reply(200, Content_Length="", Transfer_Encoding="chunked")
        for start in range(0, TOTAL, 7_000):
            piece = DATA[start : start + 7_000]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")

    server.answers["/a"] = chunked

    assert fetch(weight_file("/a"), store, network).read_bytes() == DATA


def _drip(piece: bytes) -> Callable[[Any], None]:
    def drip(handler: Any) -> None:
        for _ in range(200):
            handler.wfile.write(piece)
            time.sleep(0.05)

    return drip


@pytest.mark.parametrize("where", ["body", "headers", "status", "silence"])
def test_a_server_that_drips_is_left(
    server: Any, network: Network, store: Store, weight_file: MakeFile, where: str
) -> None:
    def drips(handler: Any) -> None:
        if where == "body":
            handler.reply(200, Content_Length=str(TOTAL))
            _drip(b"x")(handler)
        elif where == "headers":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            _drip(b"X: y\r\n")(handler)
        elif where == "status":
            _drip(b"H")(handler)
        else:
            time.sleep(8)

    server.answers["/drip"] = drips
    server.serve("/good")
    start = time.monotonic()

    path = fetch(weight_file("/drip", "/good"), store, replace(network, attempts=2))

    assert path.read_bytes() == DATA
    assert time.monotonic() - start < 8.0  # the drip would last ten


def test_the_deadline_holds_for_all_tries_together(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.answers["/a"] = _slow_but_not_too_slow
    start = time.monotonic()

    message = failed(weight_file("/a", "/a", "/a"), store, replace(network, deadline_s=1.0))

    assert "deadline" in message
    assert time.monotonic() - start < 3.0  # at this rate the file takes three for each source


def _slow_but_not_too_slow(handler: Any) -> None:
    handler.reply(200, Content_Length=str(TOTAL))
    for start in range(0, TOTAL, 5_000):
        handler.wfile.write(DATA[start : start + 5_000])
        time.sleep(0.05)


def test_a_storm_of_503_passes(server: Any, network: Network, store: Store, weight_file: MakeFile) -> None:
    server.serve("/a")
    honest = server.answers["/a"]

    def busy(handler: Any) -> None:
        if len(server.seen) == 2:
            server.answers["/a"] = honest
        handler.reply(503, b"come back", Retry_After="0")

    server.answers["/a"] = busy

    assert fetch(weight_file("/a"), store, network).read_bytes() == DATA
    assert len(server.seen) == 3


def test_a_server_is_asked_again_only_so_often(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.answers["/a"] = lambda handler: handler.reply(503)

    assert "answered 503" in failed(weight_file("/a"), store, network)
    assert len(server.seen) == network.attempts


def test_retry_after_is_waited_for(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.answers["/a"] = lambda handler: handler.reply(429, Retry_After="1")
    start = time.monotonic()

    failed(weight_file("/a"), store, replace(network, attempts=2))

    assert time.monotonic() - start >= 1.0


def test_a_connection_that_is_dropped_is_tried_again(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.answers["/a"] = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)

    failed(weight_file("/a"), store, network)

    assert len(server.seen) == network.attempts


@pytest.mark.parametrize(
    "noise", [b"", b"HTTP/9.9\r\n\r\n", b"\0" * 70_000, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200]
)
def test_what_is_no_http(
    server: Any, network: Network, store: Store, weight_file: MakeFile, noise: bytes
) -> None:
    server.answers["/a"] = lambda handler: handler.wfile.write(noise)

    failed(weight_file("/a"), store, replace(network, attempts=1))


def test_a_file_without_a_remote_source(network: Network, store: Store, weight_file: MakeFile) -> None:
    assert "names no source" in failed(weight_file(), store, network)


def test_a_link_planted_under_the_final_name_is_put_aside(
    server: Any, network: Network, store: Store, weight_file: MakeFile, tmp_path: Path
) -> None:
    server.serve("/a")
    (tmp_path / "victim").write_bytes(b"precious")
    file = weight_file("/a")
    store.place(file.sha256).symlink_to(tmp_path / "victim")

    path = fetch(file, store, network)

    assert not path.is_symlink()
    assert path.read_bytes() == DATA
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_a_link_planted_under_the_temporary_name_is_never_written_through(
    server: Any, network: Network, store: Store, weight_file: MakeFile, tmp_path: Path
) -> None:
    server.serve("/a")
    (tmp_path / "victim").write_bytes(b"precious")
    file = weight_file("/a")
    part_of(store, file).symlink_to(tmp_path / "victim")

    with pytest.raises(OSError, match="symbolic link"):
        fetch(file, store, network)
    assert (tmp_path / "victim").read_bytes() == b"precious"
