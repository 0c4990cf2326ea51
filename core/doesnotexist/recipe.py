"""The recipe: all that is needed to make a sample again.

Its text form names the model, the first letters of its weights' sha256, the seed and every
parameter, defaults included, so that a new default never changes an old picture:

    faces/starter-64@1f0c9d2ab34e?seed=7&psi=0.7
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from .errors import InvalidParameter

MAX_SEED = 2**32 - 1  # what numpy.random.RandomState takes
DIGEST_LETTERS = 12  # 48 bits name a weight file among a registry's few hundred

Value = str | int | float | bool

# The one grammar of names: lower case ASCII, so that an id is safe as a file name, a host label
# and a URL on every system.
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
MODEL_ID = re.compile(rf"{SLUG.pattern}/[a-z0-9](?:[a-z0-9.-]{{0,61}}[a-z0-9])?")
_DIGEST = re.compile(rf"[0-9a-f]{{{DIGEST_LETTERS},64}}")


@dataclass(frozen=True)
class Recipe:
    """`model` card id, `weights` sha256 (64 hex), `seed` 0 … 2³²−1, and every parameter."""

    model: str
    weights: str
    seed: int
    params: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> tuple[type[Recipe], tuple[str, str, int, dict[str, Value]]]:
        # a mappingproxy cannot be pickled, and recipes travel to worker processes
        return Recipe, (self.model, self.weights, self.seed, dict(self.params))

    @property
    def reference(self) -> str:
        """The model with the digest of its weights: `faces/starter-64@1f0c9d2ab34e`."""
        return f"{self.model}@{self.weights[:DIGEST_LETTERS]}"

    @property
    def digest(self) -> str:
        """sha256 (64 hex) of the text form with the whole weights digest: the name of the sample."""
        return hashlib.sha256(f"{self.weights} {self}".encode()).hexdigest()

    def query(self) -> dict[str, str]:
        """Seed and parameters as text, in a fixed order."""
        params = {name: text_of(self.params[name]) for name in sorted(self.params)}
        return {"seed": str(self.seed), **params}

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:  # which names, records and marks of a sample all hold
        return f"{self.reference}?{urlencode(self.query())}"


def text_of(value: Value) -> str:
    """The one text form of a parameter's value: `true`, `7`, `0.7`, `abc`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, float) else str(value)
    # 1e-05, as Python writes what is small, is no number in a link
    return f"{value:.10f}".rstrip("0") if isinstance(value, float) and "e-" in text else text


def parse_reference(text: str) -> tuple[str, str]:
    """`faces/starter-64@1f0c9d2ab34e` → (id, digest prefix); the prefix is "" when there is none.

    Raises InvalidParameter for anything that is no model id.
    """
    model, _, digest = text.partition("@")
    if not MODEL_ID.fullmatch(model) or ("@" in text and not _DIGEST.fullmatch(digest)):
        raise InvalidParameter("model", "a model id such as faces/starter-64", text)
    return model, digest


def parse_text(text: str) -> tuple[str, str, int, dict[str, str]]:
    """The text form of a recipe → (model id, digest prefix, seed, parameters as text).

    Raises InvalidParameter; the values of the parameters are for the generator's Params to check.
    """
    if not text.isascii():  # as it is written here; half a letter could not be written again at all
        raise InvalidParameter("recipe", "ASCII, other letters as %C3%A9", ascii(text))
    reference, _, query = text.partition("?")
    model, digest = parse_reference(reference)
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=64) if query else []
    params = dict(pairs)
    if len(params) != len(pairs):
        raise InvalidParameter("recipe", "each parameter once", query)
    return model, digest, parse_seed(params.pop("seed", "")), params


def parse_seed(text: str) -> int:
    """An integer 0 … 2³²−1 in plain ASCII digits.

    `int()` would take `1_0`, ` 7 `, `+5` and the digits of other scripts: many names for one picture.
    """
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > MAX_SEED:
        raise InvalidParameter("seed", f"an integer from 0 to {MAX_SEED}", text)
    return int(text)


def check_seed(seed: int) -> int:
    """`seed` itself if it is an int 0 … 2³²−1; raises InvalidParameter."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise InvalidParameter("seed", f"an integer from 0 to {MAX_SEED}", seed)
    return seed


def parse_seeds(text: str, limit: int = 1_000_000) -> list[int]:
    """`0-15,20` → the seeds, in order, at most `limit` of them; raises InvalidParameter."""
    seeds: list[int] = []
    for part in text.split(","):
        span = _span(part.strip())
        if not 0 < len(span) <= limit - len(seeds):
            raise InvalidParameter("seeds", f"seeds such as 0-15,20, at most {limit:,}", part)
        seeds.extend(span)
    return seeds


def _span(part: str) -> range:
    first, dash, last = part.partition("-")
    start = parse_seed(first)
    return range(start, (parse_seed(last) if dash else start) + 1)


_SECRET = secrets.token_bytes(32)
_NUMBERS = count()


def fresh_seed() -> int:
    """A seed that nobody can foresee, in any process."""
    # not secrets.randbelow: where many threads want one, each pays its system call with a wait for
    # the interpreter's lock
    text = f"{os.getpid()} {next(_NUMBERS)}".encode()
    return int.from_bytes(hashlib.blake2b(text, key=_SECRET, digest_size=4).digest(), "big")
