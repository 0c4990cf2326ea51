"""A small BIMODAL checkpoint: a whole torch module, pickled with its classes."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn

from doesnotexist_stylegan2.convert.bimodal import ALPHABET

from .networks import named, saved


class OneOutLSTM(nn.Module):
    """BIMODAL's forward network."""

    def __init__(self, letters: int, hidden: int) -> None:
        super().__init__()
        self._lstm = nn.LSTM(letters, hidden, 2, dropout=0.3)
        self._norm_0 = nn.LayerNorm(letters, eps=0.001)
        self._norm_1 = nn.LayerNorm(hidden, eps=0.001)
        self._wforward = nn.Linear(hidden, letters)


def module(hidden: int = 3, letters: int = len(ALPHABET)) -> OneOutLSTM:
    """A network with seeded random weights."""
    torch.manual_seed(0)
    return OneOutLSTM(letters, hidden)


def bimodal(network: nn.Module | None = None, *, archive: bool = False) -> bytes:
    """The module as torch saves it."""
    with named({"one_out_lstm.OneOutLSTM": OneOutLSTM}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch cannot find the source of a class of another module
        return saved(network or module(), archive=archive)


def tensors(network: nn.Module) -> dict[str, Any]:
    """What a conversion should give."""
    return {name.removeprefix("_"): value.detach().numpy() for name, value in network.named_parameters()}
