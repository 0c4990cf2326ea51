"""The MOSES molecules (Polykovskiy et al. 2020, arXiv:1811.12823; data MIT) as batches of equal length.

Only the data files of the `molsets` distribution are read: the package itself no longer imports.
"""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Iterator
from importlib import metadata, resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from doesnotexist.errors import InvalidParameter

from ..tokens import Ids

MEMBER = "moses/dataset/data/{split}.csv.gz"
SPLITS = ("train", "test", "test_scaffolds")
HELD_OUT = 20_000  # molecules of the train split that are only watched, never learned from
BATCH = 384  # molecules of one length


def read_split(split: str, wheel: Path | None = None) -> list[str]:
    """The SMILES of a MOSES split, from a molsets wheel or from the installed distribution's files."""
    member = MEMBER.format(split=split)
    packed = _from_wheel(wheel, member) if wheel else _from_installed(member)
    lines = gzip.decompress(packed).decode("ascii").split("\n")
    return [line.partition(",")[0] for line in lines[1:] if line]


def _from_wheel(wheel: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(member)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise InvalidParameter("data", f"a molsets wheel that holds {member}", wheel) from error


def _from_installed(member: str) -> bytes:
    try:
        return Path(str(metadata.distribution("molsets").locate_file(member))).read_bytes()
    except (metadata.PackageNotFoundError, OSError) as error:
        wanted = "--data WHEEL, or the MOSES data installed with: pip install --no-deps molsets==0.3.1"
        raise InvalidParameter("data", wanted, "neither") from error


def without_scheduled(molecules: list[str]) -> list[str]:
    """Drop the MOSES entries that are scheduled substances, listed as digests of their SMILES lines."""
    table = resources.files("doesnotexist_chemicals") / "data" / "scheduled_in_moses.txt"
    refused = {line for line in table.read_text("ascii").splitlines() if line and line[0] != "#"}
    return [smiles for smiles in molecules if line_digest(smiles) not in refused]


def line_digest(smiles: str) -> str:
    """Names a MOSES line without printing it: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(smiles.encode("ascii")).hexdigest()[:16]


class Corpus:
    """Encoded molecules grouped by length; batches come in an order that the seed and the epoch decide."""

    def __init__(self, flat: Ids, starts: npt.NDArray[np.int64]) -> None:
        self.flat, self.starts = flat, starts
        self.lengths = np.diff(self.starts)  # END at the end included

    def __len__(self) -> int:
        return len(self.lengths)

    def _by_length(self) -> list[npt.NDArray[np.int64]]:
        return [np.flatnonzero(self.lengths == length) for length in np.unique(self.lengths)]

    def rows(self, chosen: npt.NDArray[np.int64]) -> Ids:
        """Molecules of one length L as (B, L + 1) uint16: END, tokens, END."""
        length = int(self.lengths[chosen[0]])
        rows = self.flat[self.starts[chosen][:, None] + np.arange(length)]
        return np.pad(rows, ((0, 0), (1, 0)))

    def epoch(self, seed: int, epoch: int, batch: int = BATCH) -> list[npt.NDArray[np.int64]]:
        """Index arrays of up to `batch` molecules of equal length; seed and epoch decide their order."""
        random = np.random.default_rng([seed, epoch])
        batches = []
        for of_length in self._by_length():
            shuffled = random.permutation(of_length)
            batches += np.split(shuffled, np.arange(batch, len(shuffled), batch))
        return [batches[i] for i in random.permutation(len(batches))]

    def in_order(self, batch: int = 1_000) -> Iterator[Ids]:
        """Every molecule once, as rows."""
        for of_length in self._by_length():
            for start in range(0, len(of_length), batch):
                yield self.rows(of_length[start : start + batch])
