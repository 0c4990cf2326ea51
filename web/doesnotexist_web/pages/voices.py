"""How the site speaks of a network: the line in the box, and the page that says how it works."""

from __future__ import annotations

from dataclasses import dataclass

from doesnotexist import Generator, ModelCard


@dataclass(frozen=True)
class Voice:
    """`template` explains, in `templates/how/`; `imagined_by` ends the sentence in the box."""

    template: str
    imagined_by: str


GAN = Voice("gan.html", "a GAN (generative adversarial network)")
MOLECULES = Voice("molecules.html", "a language model over molecules")
LANGUAGE = Voice("network.html", "a language model")
NETWORK = Voice("network.html", "a neural network")

# What the architectures of model cards begin with.
_GANS = ("stylegan",)
_LANGUAGE_MODELS = ("bimodal", "gpt", "gru", "lstm", "smiles", "transformer")
_CHEMICAL = {"mol", "sdf", "smi"}


def voice_of(generator: Generator, card: ModelCard) -> Voice:
    """The voice for what `generator` makes with the model of `card`; its own words go first."""
    if generator.imagined_by:
        return Voice("own.html", generator.imagined_by)
    if card.architecture.startswith(_GANS):
        return GAN
    if card.architecture.startswith(_LANGUAGE_MODELS):
        return MOLECULES if _CHEMICAL & set(generator.formats) else LANGUAGE
    return NETWORK
