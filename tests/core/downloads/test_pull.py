"""`pull` brings a model here once its licence is accepted, and says what it would do before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from doesnotexist.cards import Licence, ModelCard, WeightFile
from doesnotexist.commands.pull import pull_command
from doesnotexist.downloads.acceptances import Acceptances
from doesnotexist.downloads.pull import chosen, plan, pull
from doesnotexist.downloads.transport import Network
from doesnotexist.errors import (
    DiskFull,
    DoesNotExistError,
    LicenceNotAccepted,
    ModelGone,
    UnknownModel,
    Unverified,
    WeightsInvalid,
    WeightsMissing,
)
from doesnotexist.registry import Registry
from doesnotexist.weights import Store

DATA = bytes(i * i % 251 for i in range(300_000))
TERMS = {"code": "MIT", "weights": "for play only", "data": "CC0", "attribution": "nobody"}

MakeFile = Callable[..., WeightFile]


def card(*files: WeightFile, id: str = "dogs/a-64", free: bool = True, **changes: Any) -> ModelCard:
    terms = {"weights": f"for play only, {id}"} if not free else {}
    return ModelCard(
        id=id,
        domain=id.partition("/")[0],
        title="Dogs",
        architecture="stylegan2",
        resolution=64,
        files=files,
        licence=Licence(**{**TERMS, **terms}, commercial=free, acceptance=not free),
        credit="c",
        data="d",
        limits="l",
        **changes,
    )


def reversing(source: Path, target: Path) -> None:
    """A converter whose work can be seen."""
    target.write_bytes(source.read_bytes()[::-1])


def test_a_model_arrives_ready_to_read(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    dogs = card(weight_file("/a"))
    told: list[int] = []

    pull(dogs, store, network, {}, lambda card, file: told.append)

    assert store.status(dogs) == "cached"
    assert store.read(dogs) == {"weights": DATA}
    assert told[-1] == len(DATA)


def test_another_format_is_converted_once(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    dogs = card(weight_file("/a", format="nvidia-pytorch"))
    assert store.status(dogs) == "remote"

    pull(dogs, store, network, {"nvidia-pytorch": reversing})
    pull(dogs, store, None, {})

    assert store.read(dogs) == {"weights": DATA[::-1]}
    assert store.converted(dogs.digest).converter.endswith("reversing")  # type: ignore[union-attr]
    assert len(server.seen) == 1


def test_a_rotten_conversion_is_made_again(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    dogs = card(weight_file("/a", format="nvidia-pytorch"))
    pull(dogs, store, network, {"nvidia-pytorch": reversing})
    made = store.path(store.converted(dogs.digest).sha256)  # type: ignore[union-attr]
    made.write_bytes(DATA)

    pull(dogs, store, None, {"nvidia-pytorch": reversing})

    assert store.read(dogs) == {"weights": DATA[::-1]}


@pytest.mark.parametrize("record", ["", "{}", "[1]", '{"source": 1}', "\0"])
def test_a_record_of_a_conversion_that_makes_no_sense_is_written_anew(
    server: Any, network: Network, store: Store, weight_file: MakeFile, record: str
) -> None:
    server.serve("/a")
    dogs = card(weight_file("/a", format="nvidia-pytorch"))
    pull(dogs, store, network, {"nvidia-pytorch": reversing})
    store.record(dogs.digest).write_text(record)
    assert store.status(dogs) == "remote"

    pull(dogs, store, None, {"nvidia-pytorch": reversing})

    assert store.status(dogs) == "cached"


def test_a_format_that_no_plugin_converts_is_not_fetched(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")

    with pytest.raises(WeightsInvalid, match=r"no plugin converts keras-hdf5 \(formats that are: bimodal\)"):
        pull(card(weight_file("/a", format="keras-hdf5")), store, network, {"bimodal": reversing})
    assert server.seen == []


def test_what_was_converted_needs_its_source_no_more(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    dogs = card(weight_file("/a", format="bimodal"))
    pull(dogs, store, network, {"bimodal": reversing})
    store.path(dogs.digest).unlink()

    pull(dogs, store, network, {})

    assert store.status(dogs) == "cached"
    assert len(server.seen) == 1


def test_a_converter_that_fails_leaves_nothing(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    dogs = card(weight_file("/a", format="bimodal"))

    def breaks(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise WeightsInvalid("x", "no weights")

    with pytest.raises(WeightsInvalid, match="no weights"):
        pull(dogs, store, network, {"bimodal": breaks})
    assert store.status(dogs) == "remote"
    assert {path.suffix for path in store.path(dogs.digest).parent.iterdir()} == {"", ".lock"}


def test_offline_nothing_is_asked(server: Any, store: Store, weight_file: MakeFile) -> None:
    server.serve("/a")

    with pytest.raises(WeightsMissing, match="--offline"):
        pull(card(weight_file("/a")), store, None, {})
    assert server.seen == []


def test_a_licence_must_be_accepted_before_a_byte_is_fetched(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")
    dogs = card(weight_file("/a"), free=False)
    with pytest.raises(LicenceNotAccepted, match=r"for play only, dogs/a-64\. .*--accept-licence"):
        pull(dogs, store, network, {})
    assert server.seen == []

    Acceptances(store.root).accept(dogs)
    pull(dogs, store, network, {})

    assert store.status(dogs) == "cached"


def test_an_unverified_file_is_not_fetched(
    server: Any, network: Network, store: Store, weight_file: MakeFile
) -> None:
    server.serve("/a")

    with pytest.raises(Unverified, match="nobody has published"):
        pull(card(weight_file("/a", sha256="", unverified="nobody has published it")), store, network, {})
    assert server.seen == []


def test_acceptance_is_of_a_text(store: Store, weight_file: MakeFile) -> None:
    dogs, cats = card(weight_file("/a"), free=False), card(weight_file("/a"), id="cats/a", free=False)
    acceptances = Acceptances(store.root)
    acceptances.accept(dogs)

    assert not acceptances.needed(dogs)
    assert acceptances.needed(cats)
    assert not acceptances.needed(card(weight_file("/a")))
    (entry,) = json.loads((store.root / "accepted.json").read_text()).values()
    assert entry["model"] == "dogs/a-64"
    assert entry["date"].startswith("20")


@pytest.mark.parametrize("text", ["", "[]", "nonsense", "\0"])
def test_an_unreadable_record_of_acceptances_accepts_nothing(
    store: Store, weight_file: MakeFile, text: str
) -> None:
    store.root.mkdir()
    (store.root / "accepted.json").write_text(text)

    assert Acceptances(store.root).needed(card(weight_file("/a"), free=False))


def test_a_plan_tells_what_is_missing(store: Store, weight_file: MakeFile) -> None:
    file = weight_file("/a", format="rosinality")
    store.place(file.sha256).with_name(f"{file.sha256}.part").write_bytes(DATA[:100])

    found = plan(card(file), store)

    assert (found.status, found.to_fetch, found.room) == ("remote", len(DATA) - 100, 2 * len(DATA) - 100)
    assert found.free > 0


def test_models_by_id_reference_and_domain(weight_file: MakeFile) -> None:
    one, two = card(weight_file("/a")), card(weight_file("/a"), id="dogs/b-64", default=True)
    registry = Registry([one, two])

    assert chosen(registry, ["dogs"]) == [two]
    assert chosen(registry, [one.reference, "dogs/a-64", "dogs"]) == [one, two]
    for name in ("fish", "dogs/c"):
        with pytest.raises(UnknownModel):
            chosen(registry, [name])
    with pytest.raises(ModelGone):
        chosen(registry, [f"dogs/a-64@{'0' * 12}"])


Run = Callable[..., Result]


@pytest.fixture
def run(store: Store) -> Run:
    """The command, with a zoo of these cards and no network that it could reach."""

    def _run(*args: str, cards: tuple[ModelCard, ...]) -> Result:
        zoo = SimpleNamespace(registry=Registry(cards), store=store, plugins=SimpleNamespace(converters={}))
        return CliRunner().invoke(pull_command, args, obj=SimpleNamespace(zoo=zoo))

    return _run


def test_a_dry_run_shows_sizes_room_and_licences(run: Run, store: Store, weight_file: MakeFile) -> None:
    result = run("dogs", "--dry-run", cards=(card(weight_file("/a"), free=False),))

    assert result.exit_code == 0
    for words in ("dogs/a-64: remote, 0.3 MB, 0.3 MB to fetch", "GB free", "for play only", "accepted once"):
        assert words in result.output
    assert not store.root.exists()


def test_a_dry_run_as_json(run: Run, weight_file: MakeFile) -> None:
    (row,) = json.loads(run("dogs", "--dry-run", "--json", cards=(card(weight_file("/a")),)).output)

    assert row["to_fetch"] == len(DATA)
    assert row["licence"]["weights"] == "for play only"
    assert row["status"] == "remote"


def test_without_a_terminal_a_licence_is_not_asked_for(run: Run, weight_file: MakeFile) -> None:
    result = run("dogs", cards=(card(weight_file("/a"), free=False),))

    assert isinstance(result.exception, LicenceNotAccepted)
    assert result.exception.exit_code == 3


def test_accepting_is_recorded_even_if_the_fetch_fails(run: Run, store: Store, weight_file: MakeFile) -> None:
    dogs = card(weight_file("/a"), free=False)

    result = run("dogs", "--accept-licence", cards=(dogs,))

    assert isinstance(result.exception, DoesNotExistError)
    assert "expected https" in str(result.exception)
    assert not Acceptances(store.root).needed(dogs)


def test_what_is_here_is_not_asked_for(run: Run, store: Store, weight_file: MakeFile) -> None:
    dogs = card(weight_file("/a"), free=False)
    store.place(dogs.digest).write_bytes(DATA)

    result = run("dogs", "--offline", cards=(dogs,))

    assert result.exit_code == 0
    assert result.output.endswith("dogs/a-64: cached\n")


def test_room_is_counted_for_all_models_together(run: Run, weight_file: MakeFile) -> None:
    huge = card(weight_file("/a", size=1 << 60))

    assert isinstance(run("dogs", cards=(huge,)).exception, DiskFull)
