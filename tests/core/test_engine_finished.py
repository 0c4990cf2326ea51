"""Finished media: kept within bounds, whole or not at all, also over a restart."""

import threading
from dataclasses import replace

import pytest

from doesnotexist import Media, Zoo
from doesnotexist.engine import Finished, Folder


def media(data=b"x" * 1000, format="png"):
    return Media(data, format, {"width": 8, "words": "grün"})


def key(index):
    return f"{index:064x}"[::-1] + "-png-full"  # the first letters differ, so the folders do


def test_what_was_used_last_stays_within_the_bound():
    finished = Finished(memory=3 * 2024)
    for index in range(3):
        finished.put(key(index), media())
    assert finished.get(key(0)) == media()
    finished.put(key(3), media())
    assert [finished.get(key(i)) is not None for i in range(4)] == [True, False, True, True]
    assert finished.status()["bytes"] == 3 * 2024
    assert finished.status()["hits"] == 4


def test_nothing_is_kept_unless_asked():
    finished = Finished()
    finished.put(key(0), media())
    assert finished.get(key(0)) is None
    assert finished.status()["bytes"] == 0


def test_the_same_key_twice_counts_once():
    finished = Finished(memory=10_000)
    for _ in range(50):
        finished.put(key(0), media())
    assert finished.status() == {"count": 1, "bytes": 2024, "hits": 0, "misses": 0}


def test_a_folder_survives_a_restart(tmp_path):
    first = Finished(folder=Folder(tmp_path / "media", 2**20))
    first.put(key(1), media())
    first.close()
    again = Finished(folder=Folder(tmp_path / "media", 2**20))
    assert again.get(key(1)) == media()
    assert again.get(key(2)) is None
    again.close()


def test_what_another_release_has_made_is_not_used_and_goes_first(tmp_path):
    old = Folder(tmp_path, 2**20, release="aaaa")
    for index in range(4):
        old.write(key(index), media(bytes([index]) * 1000))
    new = Folder(tmp_path, 2**20, release="bbbb")
    assert new.read(key(1)) is None
    assert new.bytes == old.bytes
    new.write(key(1), media(b"drawn otherwise"))
    assert new.read(key(1)) == media(b"drawn otherwise")
    assert Folder(tmp_path, 2**20, release="aaaa").read(key(1)) == media(b"\1" * 1000)
    small = Folder(tmp_path, new.bytes - 1, release="bbbb")
    small.write(key(2), media(b"and this"))
    assert small.read(key(1)) == media(b"drawn otherwise")


def test_a_new_version_of_a_plugin_is_another_release(zoo):
    before = zoo.plugins.release
    name, state = next(iter(zoo.plugins._states.items()))
    zoo.plugins._states[name] = replace(state, version="999")
    assert zoo.plugins.release != before
    assert len(before) == 12


def test_what_waits_to_be_written_is_there(tmp_path):
    class Frozen(Folder):
        gate = threading.Event()

        def write(self, key, media):
            assert self.gate.wait(10)
            super().write(key, media)

    folder = Frozen(tmp_path, 2**20)
    finished = Finished(memory=0, folder=folder)
    finished.put(key(1), media())
    assert finished.get(key(1)) == media()
    folder.gate.set()
    finished.close()
    assert folder.read(key(1)) == media()


def test_every_damaged_byte_is_noticed(tmp_path):
    folder = Folder(tmp_path, 2**20)
    folder.write(key(1), media(b"pixels"))
    (path,) = (p for p in tmp_path.rglob("*") if p.is_file())
    whole = path.read_bytes()
    for index in range(len(whole)):
        path.write_bytes(whole[:index] + bytes([whole[index] ^ 1]) + whole[index + 1 :])
        assert Folder(tmp_path, 2**20).read(key(1)) is None, index
        assert not path.exists()
    for cut in (0, 10, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert Folder(tmp_path, 2**20).read(key(1)) is None


def test_a_file_under_another_name_is_not_taken(tmp_path):
    folder = Folder(tmp_path, 2**20)
    folder.write(key(16), media())
    (path,) = (p for p in tmp_path.rglob("*") if p.is_file())
    other = key(16).replace("png", "jpeg")
    path.rename(path.with_name(other))
    assert Folder(tmp_path, 2**20).read(other) is None


def test_the_folder_stays_within_its_bound(tmp_path):
    folder = Folder(tmp_path, 10_000)
    for index in range(40):
        folder.write(key(index), media())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) == folder.bytes <= 10_000
    assert folder.read(key(39)) == media()
    assert folder.read(key(0)) is None
    assert Folder(tmp_path, 5_000).bytes == folder.bytes  # trimmed at the next write
    smaller = Folder(tmp_path, 5_000)
    smaller.write(key(50), media())
    assert smaller.bytes <= 5_000


def test_half_written_files_of_a_killed_process_are_swept(tmp_path):
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / ".new-x").write_bytes(b"half")
    assert Folder(tmp_path, 2**20).bytes == 0
    assert not (tmp_path / "ab" / ".new-x").exists()


def test_a_folder_that_cannot_be_written_costs_nothing_but_itself(tmp_path, caplog):
    root = tmp_path / "file"
    root.write_text("not a folder")
    finished = Finished(memory=10_000, folder=Folder(root, 2**20))
    for index in range(3):
        finished.put(key(index), media())
        assert finished.get(key(index)) == media()
    finished.close()
    assert len([r for r in caplog.records if "not kept" in r.message]) == 1


def test_a_zoo_serves_what_it_made_before_a_restart(settings, stripes, make_plugin, tmp_path, zoo):
    kept = settings.model_copy(update={"media_cache": tmp_path / "media", "media_bytes": 10_000})
    with Zoo(kept, zoo.plugins) as first:
        one = first.generate("stripes", seed=7)
        record = first.generate("stripes", seed=7, format="json")
        assert first.generate("stripes", seed=7).data == one.data
    assert sum(stripes.sampler.batches) == 2
    with Zoo(kept, zoo.plugins) as again:
        assert again.generate("stripes", seed=7).data == one.data
        assert again.generate("stripes", seed=7, format="json").data == record.data
        assert again.status()["finished"]["hits"] == 2
    assert sum(stripes.sampler.batches) == 2


@pytest.mark.parametrize("change", [{"seed": 8}, {"psi": 0.1}, {"format": "png"}, {"size": 16}])
def test_whatever_changes_the_bytes_is_another_key(zoo, settings, change):
    kept = settings.model_copy(update={"media_bytes": 10_000})
    with Zoo(kept, zoo.plugins) as keeping:
        given = {"seed": 7, **change}
        assert keeping.generate("stripes", seed=7).data != keeping.generate("stripes", **given).data
        assert keeping.status()["finished"]["hits"] == 0
