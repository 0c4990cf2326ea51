"""Fetching a file of which nobody has published size or sha256: when the user insists, and pinned."""

from __future__ import annotations

import hashlib
import time

from ..cards import WeightFile
from ..errors import DownloadFailed, SourceFailed
from ..weights import Store, make_folder, measure
from .download import Progress, alone, fetch, fill, remote_sources
from .pins import Pins
from .source_check import check_claims, stated
from .transport import Network

MAX_SIZE = 4_000_000_000
"""No file of the kinds that we read is as large; an unverified one may not be larger."""


def first_sight(
    file: WeightFile, store: Store, network: Network, progress: Progress | None = None
) -> WeightFile:
    """Fetch a file that nobody has described, and pin what came; how it is known from now on.

    A size or sha256 that the row has, or that the hub states, must be right. Raises DownloadFailed,
    DiskFull.
    """
    seen = _asked(file, network)
    if seen.sha256:
        fetch(seen, store, network, progress)
        return Pins(store.root).add(file, seen.size, seen.sha256)
    deadline = time.monotonic() + network.deadline_s
    make_folder(store.root, store.root / "sha256")
    name = hashlib.sha256(repr(file.sources).encode()).hexdigest()
    part = store.root / "sha256" / f"unseen-{name}.part"
    with alone(part, file, deadline):
        fill(part, seen, network, deadline, progress or (lambda _: None))
        size, sha256 = measure(part)
        part.replace(store.place(sha256))
    return Pins(store.root).add(file, size, sha256)


def _asked(file: WeightFile, network: Network) -> WeightFile:
    """The file with the size, and if the hub knows it the sha256, that its first source states."""
    failures = []
    for source in remote_sources(file):
        try:
            size, sha256 = stated(file, source, network)
            check_claims(file, source, size, sha256)
            if not 0 < size <= MAX_SIZE:
                raise SourceFailed(str(source), f"expected 1 to {MAX_SIZE} bytes, found {size}")
        except SourceFailed as error:
            failures.append(error)
        else:
            known = {"size": size, "sha256": file.sha256 or sha256, "unverified": None}
            return file.model_copy(update=known)
    raise DownloadFailed(file.name, failures)
