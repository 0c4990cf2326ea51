"""Names that look like a typing slip: somebody may have published a package for those who mistype."""

from __future__ import annotations

import re
from collections.abc import Iterable

HOST = "doesnotexist"
SHORT = 6  # letters; two slips in a shorter word make any word of any other


def canonical(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503): `Doesnotexist_Dogs` → `doesnotexist-dogs`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def meant(name: str, known: Iterable[str]) -> str:
    """The known plugin that `name` looks like but is not; "" if there is none."""
    typed = canonical(name)
    names = {canonical(one) for one in known}
    if typed in names:
        return ""
    host, dash, rest = typed.partition("-")
    if dash and host != HOST and distance(host, HOST) <= 2:
        return f"{HOST}-{rest}"
    near = sorted((distance(_core(typed), _core(one)), one) for one in names)
    allowed = 1 if len(_core(typed)) < SHORT else 2
    return near[0][1] if near and near[0][0] <= allowed and typed != near[0][1] else ""


def distance(a: str, b: str) -> int:
    """How many slips lie between two words: a letter more, less, other, or two exchanged."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(b, 1):
            slips = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                slips = min(slips, last[j - 2] + 1)
            row.append(slips)
    return row[-1]


def _core(name: str) -> str:
    return name.removeprefix(f"{HOST}-")
