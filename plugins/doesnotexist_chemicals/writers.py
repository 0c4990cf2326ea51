"""Which network reads the weights of a card."""

from __future__ import annotations

from doesnotexist.cards import ModelCard
from doesnotexist.errors import WeightsInvalid

from .drafts import Writer


def writer_of(card: ModelCard, content: bytes, *, masked: bool = True) -> Writer:
    """A network ready to write; `masked` forbids what breaks the grammar, where a network knows one.

    Raises WeightsInvalid for bytes that are not what the card says, and for a kind nobody here can run.
    """
    if card.architecture == "gpt":
        from . import weights
        from .sampling import MoleculeSampler

        return MoleculeSampler(*weights.read(content, card.id), masked=masked)
    if card.architecture == "lstm":
        from . import bimodal

        return bimodal.read(content, card.id)
    raise WeightsInvalid(card.id, f"no generator here runs the architecture {card.architecture}")
