"""Whatever becomes of a registry file, it is read or refused in one line, and at once."""

from __future__ import annotations

import contextlib
import time
from random import Random

import pytest

from doesnotexist.errors import RegistryInvalid
from doesnotexist.registry import find_registry, parse_registry

from ..attacks.fuzzing import keeping

NOISE = b" \t\n-:{}[]&*!'\"#0a~|>%@`,?\xff\x00\x85"


def mutated(raw: bytes, chance: Random) -> bytes:
    """`raw` with one to five bytes or passages changed, cut, doubled, nested or given an anchor."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 5)):
        place, other = chance.randrange(len(data)), chance.randrange(len(data))
        match chance.randrange(6):
            case 0:
                data[place : place + chance.randint(0, 3)] = bytes(chance.choices(NOISE, k=2))
            case 1:
                del data[place : place + chance.randint(1, 40)]
            case 2:
                data[place:place] = data[other : other + chance.randint(1, 200)]
            case 3:
                data[place:place] = chance.choice([b"[", b"{", b"- ", b"? "]) * chance.randint(1, 3000)
            case 4:
                data[place:place] = b"&a "
            case _:
                data[place] ^= 1 << chance.randrange(8)
    return bytes(data)


@pytest.mark.parametrize("count", [200, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_mutated_registry_is_read_or_refused(count: int) -> None:
    whole = find_registry().read_bytes()
    rows = whole.split(b"\n  - id:")
    small = b"\n  - id:".join((rows[0], rows[1], rows[-1]))
    chance = Random(count)
    slowest = (0.0, b"")
    for number in range(count):
        mutant = mutated(whole if number % 10 == 0 else small, chance)
        with keeping("registry", number, mutant):
            slowest = max(slowest, (seconds_of(mutant), mutant))
    # once more, for a busy machine makes any of them slow, and not the same one twice
    assert min(slowest[0], *(seconds_of(slowest[1]) for _ in range(4))) < 0.2


def seconds_of(mutant: bytes) -> float:
    """Processor time until a registry is read, or refused."""
    start = time.process_time()
    with contextlib.suppress(RegistryInvalid):
        parse_registry(mutant, "r.yaml")
    return time.process_time() - start
