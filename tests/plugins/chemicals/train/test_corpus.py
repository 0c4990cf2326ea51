"""The data of a distribution that cannot be imported, as batches of one length."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

from doesnotexist.errors import InvalidParameter
from doesnotexist_chemicals.tokens import END, Vocabulary
from doesnotexist_chemicals.train import corpus
from doesnotexist_chemicals.train.corpus import Corpus


@pytest.fixture
def wheel(tmp_path: Path, molecules: list[str]) -> Path:
    path = tmp_path / "molsets-0.3.1-py3-none-any.whl"
    lines = "\n".join(["SMILES,SPLIT", *(f"{smiles},train" for smiles in molecules), ""])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(corpus.MEMBER.format(split="train"), gzip.compress(lines.encode()))
    return path


def test_a_wheel_is_read_without_being_installed(wheel: Path, molecules: list[str]) -> None:
    assert corpus.read_split("train", wheel) == molecules


def test_a_wheel_without_the_split_is_refused(wheel: Path) -> None:
    with pytest.raises(InvalidParameter, match="holds moses/dataset/data/test"):
        corpus.read_split("test", wheel)


def test_without_a_wheel_the_installed_files_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise corpus.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(corpus.metadata, "distribution", missing)
    with pytest.raises(InvalidParameter, match="no-deps molsets"):
        corpus.read_split("train")


def test_scheduled_lines_are_dropped(monkeypatch: pytest.MonkeyPatch, molecules: list[str]) -> None:
    table = corpus.resources.files("doesnotexist_chemicals") / "data" / "scheduled_in_moses.txt"
    listed = next(line for line in table.read_text("ascii").splitlines() if not line.startswith("#"))
    digest = corpus.line_digest
    monkeypatch.setattr(corpus, "line_digest", lambda smiles: listed if smiles == "CCO" else digest(smiles))

    assert corpus.without_scheduled([*molecules, "CCO"]) == molecules


def test_an_epoch_gives_every_molecule_once_at_one_length(
    vocabulary: Vocabulary, molecules: list[str]
) -> None:
    encoded = Corpus(*vocabulary.encode(molecules))
    batches = encoded.epoch(seed=1, epoch=0, batch=3)

    assert sorted(np.concatenate(batches).tolist()) == list(range(len(molecules)))
    for batch in batches:
        rows = encoded.rows(batch)
        assert rows.shape == (len(batch), encoded.lengths[batch[0]] + 1)
        assert (rows[:, [0, -1]] == END).all()
        assert [vocabulary.decode(row[1:].tolist()) for row in rows] == [molecules[i] for i in batch]


def test_the_order_follows_seed_and_epoch(vocabulary: Vocabulary, molecules: list[str]) -> None:
    encoded = Corpus(*vocabulary.encode(molecules))

    def order(seed: int, epoch: int) -> list[list[int]]:
        return [batch.tolist() for batch in encoded.epoch(seed, epoch, batch=3)]

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_in_order_gives_every_molecule_once(vocabulary: Vocabulary, molecules: list[str]) -> None:
    encoded = Corpus(*vocabulary.encode(molecules))

    assert sum(len(rows) for rows in encoded.in_order(batch=4)) == len(molecules)
