"""Weights are read once, and only the bytes that the card names are ever returned."""

import hashlib
import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from doesnotexist.cards import Bundled, Hub, Licence, Mirror, ModelCard, WeightFile
from doesnotexist.errors import WeightsMismatch, WeightsMissing
from doesnotexist.weights import Store, package_folder, read_verified

DATA = bytes(range(256)) * 40
DIGEST = hashlib.sha256(DATA).hexdigest()
PACKAGE = "dne_test_package"
BUNDLED = Bundled(package=PACKAGE, path="weights/a.safetensors")
MIRROR = Mirror(url="https://example.com/a.safetensors")


def card(*files: WeightFile) -> ModelCard:
    return ModelCard(
        id="dogs/a-64",
        domain="dogs",
        title="Dogs",
        architecture="stylegan2",
        resolution=64,
        files=files,
        licence=Licence(code="MIT", weights="MIT", data="CC0", commercial=True, attribution="nobody"),
        credit="c",
        data="d",
        limits="l",
    )


def file(*sources: Bundled | Hub | Mirror, data: bytes = DATA, role: str = "weights") -> WeightFile:
    return WeightFile(
        role=role,
        name="a.safetensors",
        format="safetensors",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        sources=sources or (MIRROR,),
    )


def put(store: Store, data: bytes, sha256: str = "") -> Path:
    path = store.path(sha256 or hashlib.sha256(data).hexdigest())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an installed package whose import would fail."""
    folder = tmp_path / "site" / PACKAGE
    (folder / "weights").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    yield folder
    assert PACKAGE not in sys.modules


def test_nothing_is_made_before_it_is_needed(store: Store) -> None:
    assert store.status(card(file())) == "remote"
    with pytest.raises(WeightsMissing):
        store.read(card(file()))
    assert not store.root.exists()


def test_from_the_store(store: Store) -> None:
    put(store, DATA)

    assert store.status(card(file())) == "cached"
    assert store.read(card(file())) == {"weights": DATA}


def test_from_a_package_without_importing_it(store: Store, package: Path) -> None:
    (package / BUNDLED.path).write_bytes(DATA)

    assert store.status(card(file(BUNDLED))) == "bundled"
    assert store.read(card(file(BUNDLED))) == {"weights": DATA}


def test_every_file_by_its_role(store: Store, package: Path) -> None:
    two = card(file(BUNDLED), file(role="tokens", data=b"abc"))
    (package / BUNDLED.path).write_bytes(DATA)

    assert store.status(two) == "remote"
    put(store, b"abc")
    assert store.status(two) == "cached"
    assert store.read(two) == {"weights": DATA, "tokens": b"abc"}


def test_two_models_share_a_file(store: Store) -> None:
    path = put(store, DATA)

    assert store.path(DIGEST) == path
    assert path.relative_to(store.root).parts == ("sha256", DIGEST[:2], DIGEST)


def test_a_package_that_is_not_installed(store: Store) -> None:
    assert package_folder("dne_no_such_package") is None
    with pytest.raises(WeightsMissing, match="package dne_no_such_package: install it again"):
        store.read(card(file(Bundled(package="dne_no_such_package", path="x"))))


def test_missing_weights_say_how_to_get_them(store: Store) -> None:
    with pytest.raises(WeightsMissing, match="doesnotexist pull dogs/a-64"):
        store.read(card(file()))


def test_a_damaged_bundled_file_gives_way_to_a_good_one_in_the_store(store: Store, package: Path) -> None:
    (package / BUNDLED.path).write_bytes(DATA[:-1])
    with pytest.raises(WeightsMismatch, match="size"):
        store.read(card(file(BUNDLED)))
    put(store, DATA)

    assert store.read(card(file(BUNDLED))) == {"weights": DATA}


@pytest.mark.parametrize("place", range(0, len(DATA), 997))
def test_one_changed_bit_is_never_served(store: Store, place: int) -> None:
    changed = bytearray(DATA)
    changed[place] ^= 1 << place % 8
    put(store, bytes(changed), DIGEST)

    with pytest.raises(WeightsMismatch, match=f"expected sha256 {DIGEST}"):
        store.read(card(file()))


@pytest.mark.parametrize("data", [b"", DATA[:-1], DATA + b"\0", DATA * 2])
def test_a_file_of_another_size_is_never_served(store: Store, data: bytes) -> None:
    put(store, data, DIGEST)

    with pytest.raises(WeightsMismatch, match=f"expected size {len(DATA)}, found {len(data)}"):
        store.read(card(file()))


def test_a_link_in_the_store_is_refused_even_to_the_right_bytes(store: Store, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(DATA)
    path = put(store, DATA)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(WeightsMismatch, match="symbolic link"):
        store.read(card(file()))


def test_a_link_in_a_package_is_followed(store: Store, package: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(DATA)
    (package / BUNDLED.path).symlink_to(tmp_path / "elsewhere")

    assert store.read(card(file(BUNDLED))) == {"weights": DATA}


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_regular_file_is_refused_at_once(store: Store, kind: str) -> None:
    path = put(store, DATA)
    path.unlink()
    path.mkdir() if kind == "folder" else os.mkfifo(path)

    with pytest.raises(WeightsMismatch):
        store.read(card(file()))


def test_a_huge_file_is_refused_before_it_is_read(store: Store) -> None:
    with put(store, b"", DIGEST).open("wb") as handle:
        handle.truncate(1 << 40)

    with pytest.raises(WeightsMismatch, match="size"):
        store.read(card(file()))


def test_a_file_swapped_while_it_is_read(store: Store, tmp_path: Path) -> None:
    """A file is renamed onto the good one again and again: a read gives the good bytes or an error."""
    path, evil = put(store, DATA), bytes(reversed(DATA))
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for data in (evil, DATA):
                (tmp_path / "next").write_bytes(data)
                (tmp_path / "next").rename(path)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        outcomes = [_outcome(store) for _ in range(300)]
    finally:
        stop.set()
        thread.join()

    assert set(outcomes) <= {DATA, "refused"}


def _outcome(store: Store) -> bytes | str:
    try:
        return store.read(card(file()))["weights"]
    except (WeightsMismatch, WeightsMissing):
        return "refused"


def test_wrong_bytes_are_put_aside(store: Store) -> None:
    path = put(store, DATA[::-1], DIGEST)
    with pytest.raises(WeightsMismatch, match=r"dogs/a-64: a\.safetensors.*doesnotexist pull dogs/a-64"):
        store.read(card(file()))

    assert not path.exists()
    assert store.status(card(file())) == "remote"
    with pytest.raises(WeightsMissing):
        store.read(card(file()))


def test_wrong_bytes_in_a_package_stay_where_they_are(store: Store, package: Path) -> None:
    (package / BUNDLED.path).write_bytes(DATA[::-1])
    with pytest.raises(WeightsMismatch, match=f"package {PACKAGE}: install it again"):
        store.read(card(file(BUNDLED)))

    assert (package / BUNDLED.path).exists()


def test_folders_are_made_for_their_owner_alone(store: Store) -> None:
    folder = store.place(DIGEST).parent

    assert {stat.S_IMODE(f.stat().st_mode) for f in (folder, folder.parent, store.root)} == {0o700}


def test_only_safetensors_of_a_known_digest_are_read(store: Store) -> None:
    put(store, DATA)
    pickle = file().model_copy(update={"format": "nvidia-pytorch"})

    assert store.status(card(pickle)) == "remote"
    with pytest.raises(WeightsMissing):
        store.read(card(pickle))


def test_read_verified_raises_for_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_verified(tmp_path / "absent", file())


def test_reading_leaves_the_file_as_it_was(store: Store) -> None:
    path = put(store, DATA)
    path.chmod(0o400)
    store.read(card(file()))

    assert stat.S_IMODE(path.stat().st_mode) == 0o400
