"""Drawing molecules: one stream of uniform numbers for each seed, turned into tokens through cumulative sums.

A seed gives the same molecule alone, in any batch and on any machine, although a matrix product does not:
its last bits depend on the batch and on the processor.  So a draw that falls within `GUARD` of a boundary
between two tokens, where those bits could decide, is decided anew by a copy of the network in float64, for
that molecule alone.  There the remaining doubt is about 1e-13 a draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from doesnotexist.errors import BadSample

from .grammar import Prefix
from .model import MoleculeGPT
from .tokens import END, Vocabulary

Probabilities = npt.NDArray[np.float64]

GUARD = 3e-5  # twenty times the largest error of a float32 cumulative sum in 400 molecules, 1.4e-6
SLOTS = 256  # molecules written at once
MAX_ATTEMPTS = 200  # about one in seven is redrawn, so this many in a row do not happen by chance
DEAD_END = 0.02  # give an attempt up where less than this probability is grammatical

Verdict = Callable[[str], str | None]
"""Why a finished SMILES is refused, or None."""


@dataclass
class Draft:
    """One seed on its way to a molecule that passes; everything random about it comes from `dice`."""

    seed: int
    dice: np.random.RandomState
    tokens: list[int] = field(default_factory=lambda: [END])
    prefix: Prefix = field(default_factory=Prefix)
    refusals: list[str] = field(default_factory=list)
    smiles: str = ""

    @classmethod
    def of(cls, seed: int) -> Draft:
        """A draft that nothing has been drawn for; RandomState's stream is frozen by numpy's policy."""
        return cls(seed, np.random.RandomState(seed))

    @property
    def attempts(self) -> int:
        """Molecules drawn, the one that passed included."""
        return len(self.refusals) + 1

    def restart(self, reason: str) -> None:
        """Give this attempt up; the next one goes on in the same stream."""
        self.refusals.append(reason)
        self.tokens, self.prefix = [END], Prefix()


class MoleculeSampler:
    """Writes SMILES with a network and its vocabulary; `masked` forbids tokens that break the grammar."""

    def __init__(self, model: MoleculeGPT, vocabulary: Vocabulary, *, masked: bool = True) -> None:
        self.model, self.vocabulary, self.masked = model, vocabulary, masked
        self.exact = model.exact()
        self.rechecked = 0  # draws that float64 decided

    def draw(self, seeds: Sequence[int], verdict: Verdict, temperature: float = 1.0) -> list[Draft]:
        """A molecule that the verdict lets pass for each seed, in order; raises BadSample if none comes."""
        drafts = [Draft.of(seed) for seed in seeds]
        waiting = drafts
        for _ in range(MAX_ATTEMPTS):
            for start in range(0, len(waiting), SLOTS):
                self._write(waiting[start : start + SLOTS], temperature)
            for draft in waiting:
                self._judge(draft, verdict)
            waiting = [draft for draft in waiting if not draft.smiles]
            if not waiting:
                return drafts
        raise BadSample("chemicals", f"found no acceptable molecule in {MAX_ATTEMPTS} draws of one seed")

    def raw(self, seeds: Sequence[int], temperature: float = 1.0) -> Iterator[str]:
        """One draw for each seed as it comes, valid or not: for benchmarks, never for a page."""
        for start in range(0, len(seeds), SLOTS):
            drafts = [Draft.of(seed) for seed in seeds[start : start + SLOTS]]
            self._write(drafts, temperature)
            for draft in drafts:
                yield self.vocabulary.decode(draft.tokens[1:]) if draft.tokens[-1] == END else ""

    def _judge(self, draft: Draft, verdict: Verdict) -> None:
        if draft.tokens[-1] != END or len(draft.tokens) < 3:
            draft.restart("unfinished")
            return
        smiles = self.vocabulary.decode(draft.tokens[1:])
        reason = verdict(smiles)
        if reason is None:
            draft.smiles = smiles
        else:
            draft.restart(reason)

    @torch.inference_mode()
    def _write(self, drafts: list[Draft], temperature: float) -> None:
        """Write every draft to its END, to a dead end, or to the end of the context."""
        with one_thread():
            self._write_steps(drafts, temperature)

    def _write_steps(self, drafts: list[Draft], temperature: float) -> None:
        cache = self.model.cache(len(drafts))
        slots = list(drafts)
        open_ = list(range(len(slots)))
        while open_ and cache.length < self.model.config.context:
            if len(open_) < 0.7 * len(slots):
                cache.keep(torch.tensor(open_))
                slots, open_ = [slots[i] for i in open_], list(range(len(open_)))
            logits = self.model.step(torch.tensor([draft.tokens[-1] for draft in slots]), cache)
            sums = _cumulative(logits, temperature)
            open_ = [i for i in open_ if self._extend(slots[i], sums[i], temperature)]

    def _extend(self, draft: Draft, sums: Probabilities, temperature: float) -> bool:
        """Draw the draft's next token; False when it has ended."""
        banned: list[int] = []
        exact = False
        while True:
            uniform = draft.dice.random_sample()
            token, margin, left = _locate(sums, uniform, banned)
            if margin < GUARD and not exact:
                sums, exact = self._exact_sums(draft, temperature), True
                token, _, left = _locate(sums, uniform, banned)
            if left < DEAD_END:
                return False
            if self._allowed(draft, token):
                draft.tokens.append(token)
                return token != END
            banned.append(token)

    def _exact_sums(self, draft: Draft, temperature: float) -> Probabilities:
        self.rechecked += 1
        sums: Probabilities = _cumulative(self.exact(torch.tensor([draft.tokens]))[0, -1:], temperature)[0]
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
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _cumulative(logits: torch.Tensor, temperature: float) -> Probabilities:  # (S, V) to (S, V), rising to 1
    sums: Probabilities = (logits.double() / temperature).softmax(-1).cumsum(-1).numpy()
    return sums


def _locate(sums: Probabilities, uniform: float, banned: list[int]) -> tuple[int, float, float]:
    """The token whose stretch of the cumulative sums holds the number.

    Also how far the nearest decision is that another last bit would turn, and the probability of all
    that is not banned.
    """
    if banned:
        shares = np.diff(sums, prepend=0.0)
        shares[banned] = 0.0
        sums = shares.cumsum()
    left = float(sums[-1])
    at = uniform * left
    token = min(int(np.searchsorted(sums, at, side="right")), len(sums) - 1)
    below = sums[token - 1] if token else -1.0
    return token, float(min(at - below, sums[token] - at, abs(left - DEAD_END))), left
