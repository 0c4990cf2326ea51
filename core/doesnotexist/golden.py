"""Golden samples: what a model must make again, wherever it runs.

Another processor, another library or another kernel may change the last bit of a pixel, and nothing
else: a picture that only looks the same is told apart from one that is the same, and both are well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .cards import Golden, ModelCard
from .engine.loading import Loader
from .errors import DoesNotExistError, PluginBroken
from .fingerprints import digest, distance, look
from .zoo import Zoo

ALIKE = 2  # levels of 255, in the average of any sixteenth of a picture
SEED = 7

Verdict = Literal["same", "alike", "other", "none"]


@dataclass(frozen=True)
class Made:
    """What a model made of its golden seed, and how that compares with its card.

    `same` to the bit, `alike` to the eye, `other` than it must be, `none` to compare with.
    """

    model: str
    verdict: Verdict
    golden: Golden


def make(zoo: Zoo, card: ModelCard, seed: int | None = None) -> Made:
    """Make the golden sample of a model that is here; `seed` takes the place of the card's.

    Raises WeightsError, PluginError.
    """
    asked = card.golden if card.golden and seed in (None, card.golden.seed) else None
    params = dict(asked.params) if asked else {}
    number = asked.seed if asked else SEED if seed is None else seed
    generator = zoo.generator(card.domain)
    recipe = zoo.recipe(card.domain, number, card.reference, params)
    sampler = Loader(zoo.plugins, zoo.store, zoo.settings.device.split(",")[0])(card)
    try:
        (sample,) = sampler.sample([recipe])
        found = {"sha256": digest(sample, generator.formats), "look": look(sample)}
    except DoesNotExistError:
        raise
    except Exception as error:  # the plugin wall: sample() and encode() may raise anything
        raise PluginBroken(card.domain, f"sample failed: {type(error).__name__}: {error}") from error
    made = Golden(seed=number, params=params, **found)
    return Made(card.id, _compared(made, asked), made)


def _compared(made: Golden, expected: Golden | None) -> Verdict:
    if expected is None:
        return "none"
    if made.sha256 == expected.sha256:
        return "same"
    both = bool(made.look and expected.look)
    return "alike" if both and distance(made.look, expected.look) <= ALIKE else "other"
