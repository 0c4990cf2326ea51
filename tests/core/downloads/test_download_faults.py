"""Killed, raced and out of room: the store holds right bytes or none."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from doesnotexist.cards import WeightFile
from doesnotexist.downloads.download import fetch
from doesnotexist.downloads.transport import Network
from doesnotexist.errors import DiskFull
from doesnotexist.weights import Store

DATA = bytes(i * i % 251 for i in range(300_000))

MakeFile = Callable[..., WeightFile]

CHILD = """
import json, sys
from pathlib import Path
from doesnotexist.cards import Mirror, WeightFile
from doesnotexist.downloads.download import fetch
from doesnotexist.errors import DoesNotExistError
from doesnotexist.downloads.transport import Network
from doesnotexist.weights import Store

root, size, sha256, url, network = json.loads(sys.argv[1])
network["trusted"] = frozenset(network["trusted"])
row = {"name": "w", "format": "safetensors", "size": size, "sha256": sha256}
file = WeightFile(**row, sources=(Mirror(url="https://example.com/x"),))
file = file.model_copy(update={"sources": (Mirror.model_construct(url=url),)})
print("started", flush=True)
try:
    fetch(file, Store(Path(root)), Network(**network))
except DoesNotExistError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def child(file: WeightFile, store: Store, network: Network) -> subprocess.Popen[str]:
    """Another process that fetches the file."""
    limits = {**asdict(network), "trusted": sorted(network.trusted)}
    given = json.dumps([str(store.root), file.size, file.sha256, file.sources[0].url, limits])  # type: ignore[union-attr]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, given],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def slowly(server: Any, path: str, seconds: float) -> None:
    """Serve DATA at `path`, ranges included, spread over so many seconds."""

    def answer(handler: Any) -> None:
        rest = DATA[handler.start :]
        place = f"bytes {handler.start}-{len(DATA) - 1}/{len(DATA)}"
        status = 206 if handler.start else 200
        handler.reply(status, Content_Length=str(len(rest)), Content_Range=place if handler.start else "")
        for start in range(0, len(rest), 10_000):
            handler.wfile.write(rest[start : start + 10_000])
            time.sleep(seconds * 10_000 / len(DATA))

    server.answers[path] = answer


@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_any_moment_the_next_run_ends_well(
    server: Any, patient: Network, store: Store, weight_file: MakeFile, rounds: int
) -> None:
    slowly(server, "/a", 0.3)
    file = weight_file("/a")
    chance = random.Random(rounds)
    for _ in range(rounds):
        shutil.rmtree(store.root, ignore_errors=True)
        process = child(file, store, patient)
        process.stdout.readline()  # type: ignore[union-attr]
        time.sleep(chance.uniform(0, 0.45))
        process.send_signal(signal.SIGKILL)
        process.communicate()

        final = store.path(file.sha256)
        assert not final.exists() or final.read_bytes() == DATA
    assert fetch(file, store, patient).read_bytes() == DATA
    assert len(server.seen) > rounds // 2


@pytest.mark.parametrize("processes", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_processes_that_race_fetch_once(
    server: Any, patient: Network, store: Store, weight_file: MakeFile, processes: int
) -> None:
    slowly(server, "/a", 0.5)
    file = weight_file("/a")

    running = [child(file, store, patient) for _ in range(processes)]
    ended = [(process.communicate()[1], process.returncode) for process in running]

    assert ended == [("", 0)] * processes
    assert store.path(file.sha256).read_bytes() == DATA
    assert len(server.seen) == 1


def test_a_lock_of_a_killed_process_holds_nobody(
    server: Any, patient: Network, store: Store, weight_file: MakeFile
) -> None:
    slowly(server, "/a", 30)
    file = weight_file("/a")
    process = child(file, store, patient)
    process.stdout.readline()  # type: ignore[union-attr]
    while not server.seen:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    server.serve("/a")

    assert fetch(file, store, patient).read_bytes() == DATA


def test_no_room_is_said_before_a_byte_is_fetched(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")

    with pytest.raises(DiskFull, match=r"expected room for \d+\.\d MB"):
        fetch(weight_file("/a", size=1 << 60), store, network)
    assert server.seen == []


def _may_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _may_mount(), reason="needs the right to mount a small disk")
@pytest.mark.parametrize(
    "size", [160, *(pytest.param(size, marks=pytest.mark.slow) for size in range(16, 352, 16))]
)
def test_a_disk_of_any_size(
    server: Any, patient: Network, tmp_path: Path, weight_file: MakeFile, size: int
) -> None:
    """A real, too small disk: a clear error or the whole file, and no half of one."""
    server.serve("/a")
    file = weight_file("/a")
    (tmp_path / "disk").mkdir()
    limits = {**asdict(patient), "trusted": sorted(patient.trusted)}
    url = f"{server.origin}/a"
    given = json.dumps([str(tmp_path / "disk"), file.size, file.sha256, url, limits])
    # the room is asked for at the start: hidden here, so that the write itself meets the end
    blind = CHILD.replace(
        "print(",
        "import shutil; shutil.disk_usage = lambda _: shutil._ntuple_diskusage(1, 0, 1 << 40)\nprint(",
    )
    (tmp_path / "child.py").write_text(blind)
    script = (
        f"mount -t tmpfs -o size={size}k tmpfs '{tmp_path}/disk' && "
        f"'{sys.executable}' '{tmp_path}/child.py' \"$1\"; echo $?; "
        f"find '{tmp_path}/disk' -type f ! -name '*.lock'"
    )
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", given],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    _, code, *found = ended.stdout.split()

    if code == "0":
        assert found == [str(Store(tmp_path / "disk").path(file.sha256))]
    else:
        assert (code, found) == ("1", [])
        assert "DiskFull" in ended.stderr
