"""Drawing molecules: one stream of uniform numbers for each seed, turned into tokens through cumulative sums.

A seed gives the same molecule alone, in any batch and on any machine, although a matrix product does not:
its last bits depend on the batch and on the processor.  So a draw that falls so near to a boundary between
two tokens that those bits could decide is decided anew by the network in float64, for that molecule alone.
There the remaining doubt is about 1e-13 a draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from doesnotexist.errors import BadSample

from .grammar import Prefix
from .network import Floats, Network
from .tokens import END, Vocabulary

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Probabilities = npt.NDArray[np.float64]

# How near is too near. The largest error of a float32 cumulative sum in 400 molecules was 1.4e-6; a
# probability by itself is right to 2e-5 of its own size, which counts once tokens have been forbidden.
GUARD, NARROW_GUARD = 3e-5, 3e-4
SLOTS = 256  # molecules written at once
MAX_ATTEMPTS = 200  # about one in seven is redrawn, so this many in a row do not happen by chance

Verdict = Callable[[str], str | None]
"""Why a finished SMILES is refused, or None."""


@dataclass
class Draft:
    """A molecule on its way through the door; everything random about it comes from `dice`."""

    dice: np.random.RandomState  # its stream is frozen by numpy's policy
    verdict: Verdict
    temperature: float = 1.0
    blank: Prefix = field(default_factory=Prefix)  # what every attempt begins with
    refusals: list[str] = field(default_factory=list)
    smiles: str = ""

    def __post_init__(self) -> None:
        self.tokens, self.prefix = [END], self.blank

    @property
    def attempts(self) -> int:
        """Molecules drawn, the one that passed included."""
        return len(self.refusals) + 1

    def restart(self, reason: str) -> None:
        """Give this attempt up; the next one goes on in the same stream."""
        self.refusals.append(reason)
        self.tokens, self.prefix = [END], self.blank


class Drawn(NamedTuple):
    """A token from a uniform number; `margin` is how far off, as a share, the nearest other decision is."""

    token: int
    margin: float
    left: float  # probability of all that is not forbidden


class MoleculeSampler:
    """Writes SMILES with a network and its vocabulary; `masked` forbids tokens that break the grammar."""

    def __init__(self, network: Network, vocabulary: Vocabulary, *, masked: bool = True) -> None:
        self.network, self.vocabulary, self.masked = network, vocabulary, masked
        self.rechecked = 0  # draws that float64 decided

    def draw(self, seeds: Sequence[int], verdict: Verdict, temperature: float = 1.0) -> list[Draft]:
        """A molecule that the verdict lets pass for each seed, in order; raises BadSample if none comes."""
        drafts = [Draft(np.random.RandomState(seed), verdict, temperature) for seed in seeds]
        self.finish(drafts)
        if not all(draft.smiles for draft in drafts):
            raise BadSample("chemicals", f"found no acceptable molecule in {MAX_ATTEMPTS} draws of one seed")
        return drafts

    def finish(self, drafts: Sequence[Draft], attempts: int = MAX_ATTEMPTS) -> None:
        """Write each draft until its verdict lets it pass; one that has used its attempts stays empty."""
        waiting = list(drafts)
        for _ in range(attempts):
            for start in range(0, len(waiting), SLOTS):
                self._write(waiting[start : start + SLOTS])
            for draft in waiting:
                self._judge(draft)
            waiting = [draft for draft in waiting if not draft.smiles]
            if not waiting:
                return

    def raw(self, seeds: Sequence[int], temperature: float = 1.0) -> Iterator[str]:
        """One draw for each seed as it comes, valid or not: for benchmarks, never for a page."""
        for start in range(0, len(seeds), SLOTS):
            dice = map(np.random.RandomState, seeds[start : start + SLOTS])
            drafts = [Draft(stream, _unjudged, temperature) for stream in dice]
            self._write(drafts)
            for draft in drafts:
                yield self.vocabulary.decode(draft.tokens[1:]) if draft.tokens[-1] == END else ""

    def _judge(self, draft: Draft) -> None:
        if draft.tokens[-1] != END or len(draft.tokens) < 3:
            draft.restart("unfinished")
            return
        smiles = self.vocabulary.decode(draft.tokens[1:])
        reason = draft.verdict(smiles)
        if reason is None:
            draft.smiles = smiles
        else:
            draft.restart(reason)

    def _write(self, drafts: list[Draft]) -> None:
        """Write every draft to its END, to a dead end, or to the end of the context."""
        with one_thread():
            self._write_steps(drafts)

    def _write_steps(self, drafts: list[Draft]) -> None:
        cache = self.network.cache(len(drafts))
        slots = drafts
        while slots and cache.length < self.network.config.context:
            logits = self.network.step(np.array([draft.tokens[-1] for draft in slots]), cache)
            sums = _cumulative(logits, np.array([draft.temperature for draft in slots]))
            uniforms = np.array([draft.dice.random_sample() for draft in slots])
            drawn = _draw_all(sums, uniforms)
            going = [
                i for i, draft in enumerate(slots) if self._extend(draft, sums[i], uniforms[i], drawn[i])
            ]
            if len(going) < len(slots):
                cache.keep(np.array(going, np.int64))
                slots = [slots[i] for i in going]

    def _extend(self, draft: Draft, sums: Probabilities, uniform: float, drawn: Drawn) -> bool:
        """Append what was drawn, or something else where that is forbidden; False where it ends."""
        banned: list[int] = []
        exact = False
        while True:
            if drawn.margin < (NARROW_GUARD if banned else GUARD) and not exact:
                sums, exact = self._exact_sums(draft), True
                drawn = _draw(sums, uniform, banned, draft.blank.patience)
            if drawn.left < draft.blank.patience:
                return False
            if self._allowed(draft, drawn.token):
                draft.tokens.append(drawn.token)
                return drawn.token != END
            banned.append(drawn.token)
            uniform = draft.dice.random_sample()
            drawn = _draw(sums, uniform, banned, draft.blank.patience)

    def _exact_sums(self, draft: Draft) -> Probabilities:
        self.rechecked += 1
        logits = self.network.exact.after(draft.tokens)[None]
        sums: Probabilities = _cumulative(logits, np.array([draft.temperature]))[0]
        return sums

    def _allowed(self, draft: Draft, token: int) -> bool:
        if not self.masked:
            return True
        if token == END:
            return draft.prefix.complete
        after = draft.prefix.extended(self.vocabulary.symbols[token])
        draft.prefix = after or draft.prefix
        return after is not None


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute in this thread alone: a step is too short to share.

    On a busy machine two threads took twenty times the CPU time for one molecule, each waiting for the other.
    """
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _unjudged(smiles: str) -> None:  # noqa: ARG001 - a verdict that lets all pass
    return None


def _cumulative(logits: Floats, temperature: Probabilities) -> Probabilities:  # (S, V), (S,) to (S, V)
    """Probabilities summed up over the tokens, each row rising to 1."""
    scaled = logits.astype(np.float64) / temperature[:, None]
    shares = np.exp(scaled - scaled.max(-1, keepdims=True))
    sums: Probabilities = (shares / shares.sum(-1, keepdims=True)).cumsum(-1)
    return sums


def _draw_all(sums: Probabilities, uniforms: Probabilities) -> list[Drawn]:  # (S, V), (S,)
    """For each row the token whose stretch of the sums holds the number."""
    at = uniforms * sums[:, -1]
    tokens = np.minimum((sums <= at[:, None]).sum(-1), sums.shape[1] - 1)
    rows = np.arange(len(sums))
    below = np.where(tokens, sums[rows, tokens - 1], -1.0)
    margins = np.minimum(at - below, sums[rows, tokens] - at)
    return list(map(Drawn, tokens.tolist(), margins.tolist(), sums[:, -1].tolist()))


def _draw(sums: Probabilities, uniform: float, banned: list[int], patience: float) -> Drawn:  # (V,)
    """The same for one row some of whose tokens are forbidden."""
    shares = np.diff(sums, prepend=0.0)
    shares[banned] = 0.0
    sums = shares.cumsum()
    left = float(sums[-1])
    if left <= 0:
        return Drawn(END, 1.0, 0.0)
    (drawn,) = _draw_all(sums[None], np.array([uniform]))
    return Drawn(drawn.token, min(drawn.margin / left, abs(left / patience - 1)), left)
