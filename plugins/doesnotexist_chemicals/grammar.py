"""What a SMILES prefix may go on with: brackets, rings, bonds and valences, symbol by symbol.

It refuses only what RDKit would refuse at the end; whether aromatic rings can be kekulised is left to RDKit.
Grammar: opensmiles.org, section 2, as far as the symbols of `tokens` reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

# Largest sum of bond orders an atom may have; an aromatic bond counts 1 here, and its share of the
# ring's double bonds is left to RDKit.  An aromatic carbon may carry a double bond outside the ring.
VALENCE = {"C": 4, "N": 3, "O": 2, "S": 6, "F": 1, "Cl": 1, "Br": 1, "[H]": 1}
VALENCE |= {"c": 4, "n": 3, "o": 2, "s": 2, "[nH]": 2}
ORDER = {"-": 1, "=": 2, "#": 3}
DIGITS = frozenset("123456")


@dataclass
class Prefix:
    """The state after some symbols; `add` answers whether the next one may follow."""

    free: list[int] = field(default_factory=list)  # valence left, by atom
    bonded: set[tuple[int, int]] = field(default_factory=set)
    branches: list[int] = field(default_factory=list)  # atoms to go back to
    rings: dict[str, tuple[int, int]] = field(default_factory=dict)  # digit to (atom, bond order or 0)
    here: int = -1  # the atom the next bond starts from
    order: int = 0  # of a bond symbol that waits for its atom; 0 is none
    last: str = ""

    def copy(self) -> Prefix:
        """An independent state."""
        return Prefix(
            self.free.copy(),
            self.bonded.copy(),
            self.branches.copy(),
            self.rings.copy(),
            self.here,
            self.order,
            self.last,
        )

    def extended(self, symbols: Iterable[str]) -> Prefix | None:
        """The state after more symbols, or None where one of them cannot follow."""
        state = self.copy()
        return state if all(map(state.add, symbols)) else None

    @property
    def complete(self) -> bool:
        """Whether the molecule may end here."""
        return self.here >= 0 and not (self.branches or self.rings or self.order or self.last == "(")

    def add(self, symbol: str) -> bool:
        """Append a symbol; after False the state is of no use."""
        if symbol in VALENCE:
            good = self._atom(symbol)
        elif symbol in ORDER:
            good = self.here >= 0 and not self.order and self.free[self.here] >= ORDER[symbol]
            self.order = ORDER[symbol]
        elif symbol in DIGITS:
            good = self._ring(symbol)
        elif symbol == "(":
            good = self._open()
        else:
            good = self._close()
        self.last = symbol
        return good

    def _atom(self, symbol: str) -> bool:
        before, self.here = self.here, len(self.free)
        self.free.append(VALENCE[symbol])
        return before < 0 or self._bond(before, self.here)

    def _bond(self, one: int, other: int) -> bool:
        order, self.order = self.order or 1, 0
        self.free[one] -= order
        self.free[other] -= order
        self.bonded.add((one, other))
        return self.free[one] >= 0 and self.free[other] >= 0

    def _ring(self, digit: str) -> bool:
        if self.here < 0 or self.last == "(":
            return False
        if digit not in self.rings:
            self.rings[digit] = (self.here, self.order)
            # A ring bond that waits for its other end holds its valence already.
            self.free[self.here] -= self.order or 1
            self.order = 0
            return self.free[self.here] >= 0
        atom, order = self.rings.pop(digit)
        self.free[atom] += order or 1
        if atom == self.here or {(atom, self.here), (self.here, atom)} & self.bonded:
            return False
        if order and self.order and order != self.order:
            return False
        self.order = self.order or order
        return self._bond(atom, self.here)

    def _open(self) -> bool:
        self.branches.append(self.here)
        return self.here >= 0 and not self.order and self.last != "(" and self.free[self.here] > 0

    def _close(self) -> bool:
        if not self.branches or self.order or self.last == "(":
            return False
        self.here = self.branches.pop()
        return True
