"""Collections of samples: whole whatever happens, and gone on with where they were stopped."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from itertools import islice
from pathlib import Path

import fsspec
import pytest
from click.testing import CliRunner

from doesnotexist import Zoo
from doesnotexist.bulk import (
    Archive,
    FolderOfSamples,
    Order,
    Shards,
    collect,
    draw_seeds,
    missing,
    watched,
)
from doesnotexist.cli import cli
from doesnotexist.errors import InvalidParameter
from doesnotexist.session import Session

COUNT = 23


def killed_after(more: int, manifest: Path, command: list[str]) -> bool:
    """Run a command, and kill it when it has listed so many more; whether it came to its end."""
    lines = len(manifest.read_bytes().splitlines()) if manifest.exists() else 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if manifest.exists() and len(manifest.read_bytes().splitlines()) >= lines + more:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return False
        time.sleep(0.005)
    assert process.returncode == 0
    return True


def order_of(zoo, seeds=range(COUNT), **given):
    model = zoo.card("stripes").reference
    return Order(
        **{"domain": "stripes", "model": model, "params": {}, "format": "png", "size": None} | given,
        seeds=seeds,
    )


@pytest.fixture
def run(zoo):
    """Run `generate stripes` in this process; gives what it printed and the seeds that were made."""

    def invoke(*arguments):
        session = Session()
        session.__dict__["zoo"] = zoo
        before = zoo.status().get("made", 0)
        result = CliRunner().invoke(cli, ["generate", "stripes", *arguments], obj=session)
        if result.exception:
            raise result.exception
        return result.output, zoo.status().get("made", 0) - before

    return invoke


def rows_of(manifest: Path):
    return [json.loads(line) for line in manifest.read_text().splitlines()]


def test_a_folder_has_a_file_for_each_seed_and_a_manifest(run, tmp_path, zoo):
    output, made = run("--seeds", "0-22", "--format", "png", "--out", str(tmp_path / "out"))
    assert (output.strip(), made) == (str(tmp_path / "out"), COUNT)
    rows = rows_of(tmp_path / "out" / "manifest.jsonl")
    assert [row["seed"] for row in rows] == list(range(COUNT))
    for row in rows:
        data = (tmp_path / "out" / row["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
        assert data == zoo.render(zoo.parse(row["recipe"]), "png").data


def test_the_same_command_makes_nothing_twice_and_another_one_does(run, tmp_path):
    arguments = ("--seeds", "0-22", "--out", str(tmp_path))
    assert run(*arguments)[1] == COUNT
    assert run(*arguments)[1] == 0
    (tmp_path / "stripes-one-seed3.jpg").unlink()
    (tmp_path / "stripes-one-seed4.jpg").write_bytes(b"")  # as a power cut leaves it
    assert run(*arguments)[1] == 2
    assert run(*arguments, "--psi", "0.1")[1] == COUNT
    assert run(*arguments, "--psi", "0.1", "--size", "16")[1] == COUNT


def test_drawn_seeds_are_the_same_after_a_stop_and_new_ones_after_the_end(run, tmp_path, monkeypatch):
    put, puts = FolderOfSamples.put, []

    def fails_at_five(self, creation):
        puts.append(creation)
        if len(puts) == 5:
            raise OSError(28, "No space left on device")
        return put(self, creation)

    monkeypatch.setattr(FolderOfSamples, "put", fails_at_five)
    arguments = ("--count", "9", "--out", str(tmp_path))
    with pytest.raises(OSError, match="No space"):
        run(*arguments)
    before = {row["seed"] for row in rows_of(tmp_path / "manifest.jsonl")}
    run(*arguments)
    rows = rows_of(tmp_path / "manifest.jsonl")
    assert len(rows) == len(list(tmp_path.glob("*.jpg"))) == 9
    assert before < {row["seed"] for row in rows}
    assert not list(tmp_path.glob(".*"))
    run(*arguments)
    assert len(list(tmp_path.glob("*.jpg"))) == 18


def test_draws_repeat_and_hold_nothing_twice():
    assert draw_seeds(7, 1000) == draw_seeds(7, 1000)
    assert len(set(draw_seeds(8, 100_000))) == 100_000
    assert not set(draw_seeds(7, 1000)) & set(draw_seeds(8, 1000))


def samples_of(archive: bytes):
    """Key → the suffixes and bytes under it, as WebDataset groups them."""
    found: dict[str, dict[str, bytes]] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for entry in tar:
            key, _, suffix = entry.name.partition(".")
            assert suffix not in found.setdefault(key, {}), "a sample twice"
            found[key][suffix] = tar.extractfile(entry).read()
    return found


def test_an_archive_has_every_sample_with_its_record(run, tmp_path, zoo):
    target = tmp_path / "new" / "x.tar"
    run("--seeds", "0-22", "--format", "png", "--out", str(target))
    samples = samples_of(target.read_bytes())
    assert sorted(map(int, samples)) == list(range(COUNT))
    for key, parts in samples.items():
        assert set(parts) == {"png", "json"}
        assert json.loads(parts["json"])["seed"] == int(key)
        assert parts["png"] == zoo.generate("stripes", seed=int(key), format="png").data
    assert sorted(path.name for path in target.parent.iterdir()) == ["x.jsonl", "x.tar"]
    assert run("--seeds", "0-22", "--format", "png", "--out", str(target))[1] == 0
    with pytest.raises(InvalidParameter, match="not taken"):
        run("--seeds", "0-30", "--format", "png", "--out", str(target))


@pytest.mark.parametrize("harm", ["torn sample", "torn manifest", "lost tail", "nothing"])
def test_a_stopped_archive_is_gone_on_with(zoo, tmp_path, harm):
    order, target = order_of(zoo), tmp_path / "x.tar"
    whole = tmp_path / "whole.tar"
    sink = Archive(whole, order)
    list(collect(zoo, order, missing(zoo, order, sink)[1], sink))
    stopped = Archive(target, order)
    list(islice(collect(zoo, order, missing(zoo, order, stopped)[1], stopped), 9))
    partial, manifest = tmp_path / "x.tar.partial", tmp_path / "x.jsonl"
    if harm == "torn sample":
        with partial.open("ab") as file:
            file.write(b"half of a sample")
    elif harm == "torn manifest":
        with manifest.open("ab") as file:
            file.write(b'{"file": "0000')
    elif harm == "lost tail":
        with partial.open("r+b") as file:
            file.truncate(rows_of(manifest)[1]["end"] + 100)
    again = Archive(target, order)
    done, left = missing(zoo, order, again)
    assert done == {"lost tail": 2}.get(harm, 9)
    list(collect(zoo, order, left, again))
    assert target.read_bytes() == whole.read_bytes()
    assert [row["seed"] for row in rows_of(manifest)] == list(range(COUNT))


@pytest.mark.parametrize("kind", ["tar", "parquet"])
def test_shards_hold_every_sample_once(zoo, tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    shards = Shards(str(tmp_path), order_of(zoo), kind, each=5)
    assert sum(shards.make_all(zoo)) == COUNT
    names = sorted(path.name for path in tmp_path.glob("shard-*"))
    assert names == [f"shard-{number:06d}.{kind}" for number in range(5)]
    seeds = []
    for name in names:
        if kind == "tar":
            seeds += map(int, samples_of((tmp_path / name).read_bytes()))
        else:
            from pyarrow import parquet

            for row in parquet.read_table(tmp_path / name).to_pylist():
                seeds.append(row["seed"])
                assert row["data"] == zoo.render(zoo.parse(row["recipe"]), "png").data
                assert json.loads(row["record"])["exists"] is False
    assert seeds == list(range(COUNT))
    assert Shards(str(tmp_path), order_of(zoo), kind, each=5).missing == []


def test_shards_that_are_missing_are_made_and_no_others(zoo, tmp_path):
    shards = Shards(str(tmp_path), order_of(zoo), "tar", each=5)
    list(islice(shards.make_all(zoo), 2))
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("shard-*")}
    (tmp_path / ".shard-000002.tar.partial").write_bytes(b"half of a shard")
    again = Shards(str(tmp_path), order_of(zoo), "tar", each=5)
    assert again.missing == [2, 3, 4]
    assert sum(again.make_all(zoo)) == COUNT - 10
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("shard-*")}
    assert {name: after[name] for name in before} == before
    assert not list(tmp_path.glob(".shard*"))


@pytest.mark.parametrize("other", [{"params": {"psi": 0.1}}, {"format": "jpeg"}, {"seeds": range(9)}])
def test_shards_of_another_order_are_left_alone(zoo, tmp_path, other):
    list(Shards(str(tmp_path), order_of(zoo), "tar", each=5).make_all(zoo))
    with pytest.raises(InvalidParameter, match="out"):
        Shards(str(tmp_path), order_of(zoo, **other), "tar", each=5)


def test_shards_go_to_any_file_system_of_fsspec(run):
    _, made = run("--count", "12", "--shards", "tar", "--shard-size", "5", "--out", "memory://bucket/stripes")
    files = fsspec.filesystem("memory")
    names = sorted(path.rpartition("/")[2] for path in files.ls("/bucket/stripes", detail=False))
    assert names == ["run.json", *(f"shard-{number:06d}.tar" for number in range(3))]
    assert made == 12
    files.rm("/bucket/stripes/shard-000001.tar")
    again = run("--count", "12", "--shards", "tar", "--shard-size", "5", "--out", "memory://bucket/stripes")
    assert again[1] == 5
    keys = [key for name in names[1:] for key in samples_of(files.cat_file(f"/bucket/stripes/{name}"))]
    assert len(set(keys)) == len(keys) == 12
    files.rm("/bucket", recursive=True)


@pytest.mark.parametrize("out", ["nowhere://x", None, "-"])
def test_shards_need_a_place(run, out):
    with pytest.raises(InvalidParameter, match="out"):
        run("--count", "3", "--shards", "tar", *(["--out", out] if out else []))


def test_progress_is_told_in_lines_where_there_is_no_terminal(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr("doesnotexist.bulk.progress.time.monotonic", lambda: now[0])
    for _ in watched(range(60), 100, done=40):
        now[0] += 1.0
    told = capsys.readouterr().err.splitlines()
    assert told == ["70 of 100, 1.0/s, 30 s left", "100 of 100, 1.0/s, 0 s left"]


@pytest.mark.slow
@pytest.mark.parametrize("out", ["folder", "x.tar"])
def test_a_run_that_is_killed_again_and_again_ends_with_every_sample_once(tmp_path, out):
    with Zoo() as zoo:
        domain = next(listing.card.domain for listing in zoo.models() if listing.status == "bundled")
    count, target = 600, tmp_path / out
    command = [sys.executable, "-m", "doesnotexist", "generate", domain, "--count", str(count)]
    manifest = target / "manifest.jsonl" if out == "folder" else target.with_suffix(".jsonl")
    moments, kills = random.Random(0), 0
    while not killed_after(moments.randint(50, 250), manifest, [*command, "--out", str(target)]):
        kills += 1
    assert kills >= 1, "too quick to be killed: raise the count"
    rows = rows_of(manifest)
    assert len({row["seed"] for row in rows}) == len(rows) == count
    if out == "folder":
        found = {path.name: path.read_bytes() for path in target.glob("*.jpg")}
    else:
        found = {f"{key}.jpg": parts["jpg"] for key, parts in samples_of(target.read_bytes()).items()}
    assert {row["file"]: row["sha256"] for row in rows} == {
        name: hashlib.sha256(data).hexdigest() for name, data in found.items()
    }
