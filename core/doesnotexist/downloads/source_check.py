"""Whether the sources of models still answer, with the size that their cards name."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..cards import Hub, Mirror, ModelCard, WeightFile
from ..errors import SourceFailed
from .download import address_of, remote_sources
from .hub import described
from .transport import Network, open_address

_Question = tuple[ModelCard, WeightFile, Hub | Mirror]

AT_ONCE = 8  # questions under way: they are waiting for the other side nearly all of their time


@dataclass(frozen=True)
class SourceReport:
    """What one source of one file answered; `fault` is empty if it is as the card says.

    `size` and `sha256` are what the source states, 0 and "" where it does not.
    """

    model: str
    file: str
    source: str
    size: int = 0
    sha256: str = ""
    fault: str = ""


def check_sources(cards: Iterable[ModelCard], network: Network) -> Iterator[SourceReport]:
    """Ask every source of these models for its file, without fetching it; in their order."""
    questions: list[_Question] = [
        (card, file, source) for card in cards for file in card.files for source in remote_sources(file)
    ]
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="source")
    try:
        yield from pool.map(lambda question: _asked(question, network), questions)
    finally:
        pool.shutdown(cancel_futures=True)


def _asked(question: _Question, network: Network) -> SourceReport:
    card, file, source = question
    size, sha256, fault = 0, "", ""
    try:
        size, sha256 = stated(file, source, network)
        check_claims(file, source, size, sha256)
    except SourceFailed as error:
        fault = error.reason
    return SourceReport(card.id, file.name, str(source), size, sha256, fault)


def stated(file: WeightFile, source: Hub | Mirror, network: Network) -> tuple[int, str]:
    """Size and sha256 as the source states them, 0 and "" where it does not. Raises SourceFailed."""
    size, sha256 = described(source, network) if isinstance(source, Hub) else (0, "")
    return size or _length(file, source, network), sha256


def check_claims(file: WeightFile, source: Hub | Mirror, size: int, sha256: str) -> None:
    """Raises SourceFailed if what a source states is not what the file's row says."""
    if file.size not in (0, size):
        raise SourceFailed(str(source), f"expected size {file.size}, found {size or 'none'}")
    if sha256 and file.sha256 not in ("", sha256):
        raise SourceFailed(str(source), f"expected sha256 {file.sha256}, found {sha256}")


def _length(file: WeightFile, source: Hub | Mirror, network: Network) -> int:
    """The length that a source announces; 0 if it announces none."""
    deadline = time.monotonic() + network.patience_s
    headers = {"Accept-Encoding": "identity"}
    with open_address(address_of(source, file, network), headers, network, deadline) as answer:
        length = answer.header("Content-Length")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 20 else 0
