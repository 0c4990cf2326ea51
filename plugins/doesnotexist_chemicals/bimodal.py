"""BIMODAL's ForwardRNN_512: Grisoni et al. 2020, doi:10.1021/acs.jcim.9b00943; weights CC BY 4.0.

Two LSTM layers of 256 between two layer norms write SMILES letter by letter, in an alphabet of 55 letters.
In float64 throughout: it is small, and so batch and machine decide nothing.

Letters in comments: S molecules written at once, V = 55 letters, D = 256 channels.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from doesnotexist.errors import WeightsInvalid

from .container import metadata_of, tensors_of
from .drafts import Draft
from .threads import one_thread

Floats = npt.NDArray[np.float64]
Stream = tuple[np.random.RandomState, float]  # the dice of a molecule, and its temperature

FORMAT = "doesnotexist-bimodal/1"
LONGEST = 200  # letters; longer SMILES are given up
SLOTS = 256  # molecules written at once
# ChEMBL has phosphorus, charges and salts: what is no letter for us cannot be written.
FORBIDDEN = "P+."


@dataclass(frozen=True)
class Architecture:
    """What the file says of itself."""

    alphabet: str
    start: str
    end: str
    pad: str
    hidden: int
    layers: int
    norm_eps: tuple[float, float]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor by name; the gates of an LSTM are stacked as PyTorch does: i, f, g, o."""
        v, d = len(self.alphabet), self.hidden
        shapes: dict[str, tuple[int, ...]] = {"wforward.weight": (v, d), "wforward.bias": (v,)}
        for name, size in (("norm_0", v), ("norm_1", d)):
            shapes |= {f"{name}.weight": (size,), f"{name}.bias": (size,)}
        for layer in range(self.layers):
            shapes |= {f"lstm.weight_ih_l{layer}": (4 * d, d if layer else v)}
            shapes |= {f"lstm.weight_hh_l{layer}": (4 * d, d)}
            shapes |= {f"lstm.bias_ih_l{layer}": (4 * d,), f"lstm.bias_hh_l{layer}": (4 * d,)}
        return shapes


class ForwardRNN:
    """A `Writer`: the network, its alphabet, and how letters are drawn."""

    def __init__(self, architecture: Architecture, tensors: Mapping[str, Floats]) -> None:
        self.architecture, self.tensors = architecture, tensors
        self._index = {letter: i for i, letter in enumerate(architecture.alphabet)}
        letters = self._norm("norm_0", np.eye(len(architecture.alphabet)))
        # The first layer sees one of 55 inputs: what it makes of each is a table.
        self._first = letters @ tensors["lstm.weight_ih_l0"].T + self._bias(0)

    def write(self, drafts: Sequence[Draft]) -> list[str | None]:
        """One attempt for each draft; None for one that did not end in time."""
        written = self._write(((draft.dice, draft.temperature) for draft in drafts), FORBIDDEN)
        return [smiles or None for smiles in written]

    def raw(self, seeds: Sequence[int], temperature: float = 1.0) -> Iterator[str]:
        """One draw for each seed with nothing forbidden; empty for one that did not end in time."""
        return self._write(((np.random.RandomState(seed), temperature) for seed in seeds), "")

    def can_write(self, smiles: str) -> bool:
        """Whether the alphabet has every letter."""
        return set(smiles) <= set(self.architecture.alphabet) - set(FORBIDDEN)

    def log_likelihoods(self, molecules: Sequence[str], *, exact: bool = False) -> Floats:  # noqa: ARG002
        """How likely the network is to write each, in nats; always exact."""
        lines = [smiles + self.architecture.end for smiles in molecules]
        found, state = np.zeros(len(lines)), self._state(len(lines))
        before = np.full(len(lines), self._index[self.architecture.start])
        with one_thread():
            for at in range(max(map(len, lines), default=0)):
                shares = _shares(self.step(before, state), np.ones(len(lines)))
                before = np.array([self._index[line[min(at, len(line) - 1)]] for line in lines])
                inside = np.array([at < len(line) for line in lines])
                found += np.log(shares[np.arange(len(lines)), before]) * inside
        return found

    def step(self, letters: npt.NDArray[np.int64], state: list[tuple[Floats, Floats]]) -> Floats:
        """(S,) letters to (S, V) logits of the next ones; `state` has (S, D) h and c of each layer."""
        gates = self._first[letters]
        for layer, (h, c) in enumerate(state):
            if layer:
                gates = state[layer - 1][0] @ self.tensors[f"lstm.weight_ih_l{layer}"].T + self._bias(layer)
            state[layer] = _lstm(gates + h @ self.tensors[f"lstm.weight_hh_l{layer}"].T, c)
        x = self._norm("norm_1", state[-1][0])
        logits: Floats = x @ self.tensors["wforward.weight"].T + self.tensors["wforward.bias"]
        return logits

    def _write(self, streams: Iterable[Stream], forbidden: str) -> Iterator[str]:
        waiting = iter(streams)
        while together := list(itertools.islice(waiting, SLOTS)):
            with one_thread():
                written = self._write_together(together, forbidden)
            yield from written

    def _write_together(self, streams: Sequence[Stream], forbidden: str) -> list[str]:
        texts, going = [""] * len(streams), np.arange(len(streams))
        state = self._state(len(streams))
        letters = np.full(len(streams), self._index[self.architecture.start])
        temperatures = np.array([temperature for _, temperature in streams])
        closed = [self._index[letter] for letter in forbidden if letter in self._index]
        end = self._index[self.architecture.end]
        for _ in range(LONGEST):
            shares = _shares(self.step(letters, state), temperatures[going])
            shares[:, closed] = 0.0
            sums = shares.cumsum(-1)
            at = np.array([streams[i][0].random_sample() for i in going.tolist()]) * sums[:, -1]
            letters = np.minimum((sums <= at[:, None]).sum(-1), sums.shape[1] - 1)
            for i, letter in zip(going, letters, strict=True):
                texts[i] += self.architecture.alphabet[letter]
            on = letters != end
            going, letters, state = going[on], letters[on], [(h[on], c[on]) for h, c in state]
            if not going.size:
                break
        mark = self.architecture.end
        return [text[:-1] if text.endswith(mark) else "" for text in texts]

    def _state(self, slots: int) -> list[tuple[Floats, Floats]]:
        zeros = np.zeros((slots, self.architecture.hidden))
        return [(zeros, zeros)] * self.architecture.layers

    def _bias(self, layer: int) -> Floats:
        return self.tensors[f"lstm.bias_ih_l{layer}"] + self.tensors[f"lstm.bias_hh_l{layer}"]

    def _norm(self, name: str, x: Floats) -> Floats:
        away = x - x.mean(-1, keepdims=True)
        epsilon = self.architecture.norm_eps[int(name[-1])]
        scale = np.sqrt((away**2).mean(-1, keepdims=True) + epsilon)
        y: Floats = away / scale * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]
        return y


def read(content: bytes, source: str = "weights") -> ForwardRNN:
    """The network of a converted file; WeightsInvalid unless every name, shape and number is right."""
    metadata = metadata_of(content, FORMAT, source)
    try:
        architecture = _architecture(json.loads(metadata["architecture"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise WeightsInvalid(source, f"its metadata cannot be read ({error})") from error
    return ForwardRNN(architecture, tensors_of(content, architecture.shapes(), np.float64, source))


def _architecture(told: Mapping[str, Any]) -> Architecture:
    """Raises ValueError, KeyError or TypeError for a description that is none."""
    alphabet = str(told["alphabet"])
    marks = [str(told[name]) for name in ("start", "end", "pad")]
    hidden, layers = int(told["hidden"]), int(told["layers"])
    if len(set(alphabet)) != len(alphabet) or not all(len(m) == 1 and m in alphabet for m in marks):
        raise ValueError("an alphabet without its marks")
    if not (0 < hidden <= 4096 and 0 < layers <= 8):  # a hostile header must not ask for all memory
        raise ValueError(f"{layers} layers of {hidden}")
    first, second = map(float, told["norm_eps"])
    start, end, pad = marks
    return Architecture(alphabet, start, end, pad, hidden, layers, (first, second))


def _lstm(gates: Floats, c: Floats) -> tuple[Floats, Floats]:  # (S, 4 D), (S, D)
    """Hidden and cell state after one step: Hochreiter and Schmidhuber 1997, with a forget gate."""
    i, f, g, o = np.split(gates, 4, axis=-1)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _sigmoid(x: Floats) -> Floats:
    y: Floats = 0.5 + 0.5 * np.tanh(0.5 * x)  # never overflows
    return y


def _shares(logits: Floats, temperatures: Floats) -> Floats:  # (S, V), (S,) to (S, V)
    scaled = logits / temperatures[:, None]
    powers = np.exp(scaled - scaled.max(-1, keepdims=True))
    shares: Floats = powers / powers.sum(-1, keepdims=True)
    return shares
