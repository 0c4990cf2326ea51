"""Writing SMILES: a stream of uniform numbers for each molecule, turned into tokens through cumulative sums.

A seed gives the same molecule alone, in any batch and on any machine, although a matrix product does not:
its last bits depend on the batch and on the processor.  So a draw that falls so near to a boundary between
two tokens that those bits could decide is decided anew by the network in float64, for that molecule alone.
There the remaining doubt is about 1e-13 a draw.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .drafts import Draft
from .grammar import Prefix
from .network import Floats, Network
from .threads import one_thread
from .tokens import END, Vocabulary, writable

Probabilities = npt.NDArray[np.float64]

# How near is too near. The largest error of a float32 cumulative sum in 400 molecules was 1.4e-6; a
# probability by itself is right to 2e-5 of its own size, which counts once tokens have been forbidden.
GUARD, NARROW_GUARD = 3e-5, 3e-4
# What every token loses of its probability, as a share of the likeliest one's. What spoils a molecule comes
# mostly from the hundreds of tokens that are hardly possible; without them it can be written at a higher
# temperature. A threshold does the same (min-p, Nguyen et al. 2024, arXiv:2407.01082), but there last bits
# decide on which side of it a token falls.
FLOOR = 0.002
SLOTS = 256  # molecules written at once
DEAD_END = 0.02  # give an attempt up where less than this probability is grammatical


class Line:
    """What is being written: the tokens so far, the state of the grammar after them, and their stream."""

    def __init__(self, dice: np.random.RandomState, temperature: float) -> None:
        self.dice, self.temperature = dice, temperature
        self.tokens, self.prefix = [END], Prefix()


class Drawn(NamedTuple):
    """A token from a uniform number; `margin` is how far off, as a share, the nearest other decision is."""

    token: int
    margin: float
    left: float  # probability of all that is not forbidden


class MoleculeSampler:
    """A `Writer` of a network and its vocabulary; `masked` forbids tokens that break the grammar."""

    def __init__(self, network: Network, vocabulary: Vocabulary, *, masked: bool = True) -> None:
        self.network, self.vocabulary, self.masked = network, vocabulary, masked
        self.rechecked = 0  # draws that float64 decided

    def write(self, drafts: Sequence[Draft]) -> list[str | None]:
        """One attempt for each draft; None for one that came to a dead end or to the end of the context."""
        written = self._write((draft.dice, draft.temperature) for draft in drafts)
        return [smiles or None for smiles in written]

    def raw(self, seeds: Sequence[int], temperature: float = 1.0) -> Iterator[str]:
        """One draw for each seed as it comes, valid or not: for benchmarks, never for a page."""
        return self._write((np.random.RandomState(seed), temperature) for seed in seeds)

    def can_write(self, smiles: str) -> bool:
        """Whether the vocabulary has every symbol."""
        return writable(smiles)

    def log_likelihoods(self, molecules: Sequence[str], *, exact: bool = False) -> Probabilities:  # (N,)
        """How likely the network is to write each, in nats; -inf for one that is too long for it."""
        network = self.network.exact if exact else self.network
        flat, starts = self.vocabulary.encode(molecules)
        rows = [flat[a:b] for a, b in itertools.pairwise(starts)]
        longest = max(map(len, rows), default=0)
        tokens = np.array([np.pad(row, (1, longest - len(row))) for row in rows], np.int64)  # END is 0
        found, cache = np.zeros(len(rows)), network.cache(len(rows))
        lengths = np.array([len(row) for row in rows])
        with one_thread():
            for at in range(min(longest, network.config.context)):
                shares = _shares(network.step(tokens[:, at], cache), np.ones(len(rows)))
                found += np.log(shares[np.arange(len(rows)), tokens[:, at + 1]]) * (at < lengths)
        return np.where(lengths <= network.config.context, found, -np.inf)

    def _write(self, streams: Iterable[tuple[np.random.RandomState, float]]) -> Iterator[str]:
        waiting = (Line(dice, temperature) for dice, temperature in streams)
        while lines := list(itertools.islice(waiting, SLOTS)):
            with one_thread():
                self._write_steps(lines)
            for line in lines:
                yield self.vocabulary.decode(line.tokens[1:]) if line.tokens[-1] == END else ""

    def _write_steps(self, lines: list[Line]) -> None:
        cache, slots = self.network.cache(len(lines)), lines
        while slots and cache.length < self.network.config.context:
            logits = self.network.step(np.array([line.tokens[-1] for line in slots]), cache)
            sums = _shares(logits, np.array([line.temperature for line in slots]), FLOOR).cumsum(-1)
            uniforms = np.array([line.dice.random_sample() for line in slots])
            drawn = _draw_all(sums, uniforms)
            going = [i for i, line in enumerate(slots) if self._extend(line, sums[i], uniforms[i], drawn[i])]
            if len(going) < len(slots):
                cache.keep(np.array(going, np.int64))
                slots = [slots[i] for i in going]

    def _extend(self, line: Line, sums: Probabilities, uniform: float, drawn: Drawn) -> bool:
        """Append what was drawn, or something else where that is forbidden; False where it ends."""
        banned: list[int] = []
        exact = False
        while True:
            if drawn.margin < (NARROW_GUARD if banned else GUARD) and not exact:
                sums, exact = self._exact_sums(line), True
                drawn = _draw(sums, uniform, banned)
            if drawn.left < DEAD_END:
                return False
            if self._allowed(line, drawn.token):
                line.tokens.append(drawn.token)
                return drawn.token != END
            banned.append(drawn.token)
            uniform = line.dice.random_sample()
            drawn = _draw(sums, uniform, banned)

    def _exact_sums(self, line: Line) -> Probabilities:
        self.rechecked += 1
        logits = self.network.exact.after(line.tokens)[None]
        sums: Probabilities = _shares(logits, np.array([line.temperature]), FLOOR)[0].cumsum()
        return sums

    def _allowed(self, line: Line, token: int) -> bool:
        if not self.masked:
            return True
        if token == END:
            return line.prefix.complete
        after = line.prefix.extended(self.vocabulary.symbols[token])
        line.prefix = after or line.prefix
        return after is not None


def _shares(logits: Floats, temperature: Probabilities, floor: float = 0.0) -> Probabilities:
    """The probabilities of the tokens: (S, V), (S,) to (S, V)."""
    scaled = logits.astype(np.float64) / temperature[:, None]
    powers = np.maximum(np.exp(scaled - scaled.max(-1, keepdims=True)) - floor, 0.0)
    shares: Probabilities = powers / powers.sum(-1, keepdims=True)
    return shares


def _draw_all(sums: Probabilities, uniforms: Probabilities) -> list[Drawn]:  # (S, V), (S,)
    """For each row the token whose stretch of the cumulative sums holds the number."""
    at = uniforms * sums[:, -1]
    tokens = np.minimum((sums <= at[:, None]).sum(-1), sums.shape[1] - 1)
    rows = np.arange(len(sums))
    below = np.where(tokens, sums[rows, tokens - 1], -1.0)
    margins = np.minimum(at - below, sums[rows, tokens] - at)
    return list(map(Drawn, tokens.tolist(), margins.tolist(), sums[:, -1].tolist()))


def _draw(sums: Probabilities, uniform: float, banned: list[int]) -> Drawn:  # (V,)
    """The same for one row some of whose tokens are forbidden."""
    shares = np.diff(sums, prepend=0.0)
    shares[banned] = 0.0
    sums = shares.cumsum()
    left = float(sums[-1])
    if left <= 0:
        return Drawn(END, 1.0, 0.0)
    (drawn,) = _draw_all(sums[None], np.array([uniform]))
    return Drawn(drawn.token, min(drawn.margin / left, abs(left / DEAD_END - 1)), left)
