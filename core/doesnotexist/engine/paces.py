"""How long samples take, and so: how many make a batch, how long the queue is, whose turn it is."""

from __future__ import annotations

from ..cards import ModelCard

# A batch is as large as fits in a second: enough for throughput, and nobody waits longer for his turn.
BATCH_S = 1.0
# While nobody waits; a request that comes meanwhile is delayed by no more than this.
IDLE_BATCH_S = 0.25


class Paces:
    """Seconds for a sample of each model, lately, and the time that each domain has had.

    Whoever has had least is next. A domain that comes back after a rest starts level with the one
    at work: it has not saved up time. The holder's lock guards it.
    """

    def __init__(self) -> None:
        self._pace: dict[str, float] = {}
        self._loaded: set[str] = set()  # models that have made a batch
        self._used: dict[str, float] = {}
        self._now = 0.0  # the time used by the domain that was served last, before it was served

    def of(self, card: ModelCard) -> float:
        """Seconds for a sample of this model; 0 while that is not known."""
        return self._pace.get(card.reference, 0.0)

    def room(self, card: ModelCard, most: int, seconds: float = BATCH_S) -> int:
        """How many samples make a batch of about `seconds`; while that is not known, one."""
        if card.reference not in self._pace:
            return 1
        return max(1, min(most, int(seconds / max(self.of(card), 1e-6))))

    def used(self, domain: str) -> float:
        return self._used.get(domain, 0.0)

    def enter(self, domain: str) -> None:
        """A domain has work waiting, and had none before."""
        self._used[domain] = max(self.used(domain), self._now)

    def turn(self, card: ModelCard, count: int) -> float:
        """It is this model's turn; returns the seconds that it will probably take, and counts them."""
        expected = count * self.of(card)
        self._now = self.used(card.domain)
        self._used[card.domain] = self._now + expected
        return expected

    def spent(self, card: ModelCard, count: int, seconds: float, expected: float) -> None:
        """What its turn has really taken; what failed says nothing of the pace."""
        self._used[card.domain] = self.used(card.domain) + seconds - expected
        if not count:
            return
        if card.reference not in self._loaded:
            self._loaded.add(card.reference)  # the first holds the load of the model, and counts for nothing
            return
        each, before = seconds / count, self._pace.get(card.reference)
        # a load once more, or a busy moment, must not look like a new pace
        pace = each if before is None else before + 0.3 * (min(each, 2 * before) - before)
        self._pace[card.reference] = pace
