"""Molecules on their way through the door: written, judged, and written again until one passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from doesnotexist.errors import BadSample

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAX_ATTEMPTS = 200  # of the bundled model one in three is refused: this many in a row do not happen
LAST_TEMPERATURE = 0.5

Verdict = Callable[[str], str | None]
"""Why a finished SMILES is refused, or None."""


@dataclass
class Draft:
    """One molecule; everything random about it comes from `dice`, whose stream numpy's policy has frozen."""

    dice: np.random.RandomState
    verdict: Verdict
    temperature: float = 1.0
    refusals: list[str] = field(default_factory=list)
    smiles: str = ""

    @property
    def attempts(self) -> int:
        """Molecules written, the one that passed included."""
        return len(self.refusals) + 1

    def judge(self, written: str | None) -> None:
        """Take what was written, None for what never ended; the next attempt goes on in the same stream."""
        reason = "unfinished" if written is None else self.verdict(written)
        if reason is None:
            self.smiles = written or ""
        else:
            self.refusals.append(reason)


class Writer(Protocol):
    """A network that writes SMILES: the same for the same dice, alone or in any batch."""

    def write(self, drafts: Sequence[Draft]) -> list[str | None]:
        """One attempt for each draft."""

    def raw(self, seeds: Sequence[int], temperature: float = 1.0) -> Iterator[str]:
        """One draw for each seed as it comes, valid or not; empty for one that never ended."""

    def can_write(self, smiles: str) -> bool:
        """Whether its alphabet has every symbol."""

    def log_likelihoods(self, molecules: Sequence[str], *, exact: bool = False) -> npt.NDArray[np.float64]:
        """How likely it is to write each, in nats; `exact` to a dozen digits on any machine."""


def draw(writer: Writer, asked: Iterable[tuple[int, float]], verdict: Verdict) -> list[Draft]:
    """A molecule that the verdict lets pass for each seed and temperature, in order.

    Raises as `complete` does.
    """
    import numpy as np

    drafts = [Draft(np.random.RandomState(seed), verdict, temperature) for seed, temperature in asked]
    complete(writer, drafts)
    return drafts


def complete(writer: Writer, drafts: Sequence[Draft]) -> None:
    """Write each draft until its verdict lets it pass; raises BadSample if none of its attempts does.

    Whoever has not passed at its own temperature goes on at a low one, where hardly any is spoilt.
    """
    left = _attempt(writer, drafts)
    for draft in left:
        draft.temperature = LAST_TEMPERATURE
    if _attempt(writer, left):
        raise BadSample("chemicals", f"found no acceptable molecule in {2 * MAX_ATTEMPTS} draws of one seed")


def _attempt(writer: Writer, drafts: Sequence[Draft]) -> list[Draft]:
    """Write again and again; gives the drafts that have not passed after all attempts."""
    left = list(drafts)
    for _ in range(MAX_ATTEMPTS):
        if not left:
            break
        for draft, written in zip(left, writer.write(left), strict=True):
            draft.judge(written)
        left = [draft for draft in left if not draft.smiles]
    return left
