"""What changes over a run: learning rate, weight of the moment term, length of the average's memory."""

from __future__ import annotations

from dataclasses import dataclass

from doesnotexist.errors import InvalidParameter


@dataclass(frozen=True)
class Budget:
    """The end of a run, in minutes of training or in images; exactly one of them is given."""

    minutes: float | None = None
    images: int | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.minutes, self.images) if value is not None]
        if len(given) != 1 or given[0] <= 0:
            raise InvalidParameter("budget", "either minutes or images, above zero", given)

    def progress(self, seconds: float, images: int) -> float:
        """How much of it is used up, 0 to 1."""
        if self.minutes is not None:
            return min(1.0, seconds / (60 * self.minutes))
        return min(1.0, images / (self.images or 1))


def generator_rate(progress: float) -> float:
    """Learning rate of the generator.

    2e-3 finds shapes and colours fast, but held longer it grows a fine dotted texture.
    """
    if progress < 0.5:
        return 2e-3
    return 7e-4 if progress < 0.75 else 2e-4


DISCRIMINATOR_RATE = 2e-4
"""At 2e-3 the discriminators won within minutes."""


def moment_weight(progress: float) -> float:
    """1 at the start, 0.5 at the end: a guide for the first steps."""
    return 1.0 - 0.5 * progress


def average_decay(images: int, batch: int) -> float:
    """Of the moving average: its half-life is 10,000 images, or a tenth of the images so far."""
    half_life = min(10_000.0, max(0.1 * images, 1e-8))
    return float(0.5 ** (batch / half_life))
