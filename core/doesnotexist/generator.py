"""The contract between the runtime and a generator.

A plugin author writes one class with metadata and a `load` that returns something with
`sample(recipes) -> list[Sample]`. The same `Params` gives the command line its options, the API
its checks and the page its sliders.

    class Dogs(Generator):
        domain, noun, title = "dogs", "dog", "This Dog Does Not Exist"

        def load(self, card, files, device):
            return MyNetwork(files["weights"], device)
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, PydanticUserError, ValidationError, model_validator

from .cards import ModelCard
from .errors import InvalidParameter
from .media import MEDIA_TYPES, PICTURE_FORMATS, Sample
from .recipe import SLUG, Recipe, Value

API_VERSION = 1  # of this contract; rises when a plugin written for the last one would no longer run
OLDEST_API_VERSION = 1  # the oldest version whose plugins still run here

# Names that the runtime gives to every generator: a parameter of such a name could never be set.
RESERVED = frozenset(
    {"seed", "seeds", "count", "model", "format", "size", "out", "json", "as_json", "domain"}
    | {"engine", "shards", "shard_size"}
)

# What a page or a program can do with any generator whose parameters have these names. `mix`,
# `toward` are seeds of a second sample; `mix_layers` says what is taken from it, such as "4-9";
# `step`, 0 to 1, how far to go towards it; `relative`, from 1 on, numbers the samples near this one.
CAPABILITIES: Mapping[str, frozenset[str]] = {
    "truncate": frozenset({"psi"}),
    "mix": frozenset({"mix", "mix_layers"}),
    "interpolate": frozenset({"toward", "step"}),
    "neighbours": frozenset({"relative"}),
    "labels": frozenset({"label"}),
}

# Numbers from a URL or a command line, before pydantic sees them: float() would take `nan`, `1e999`,
# `1_0` and the digits of other scripts.
_NUMBER = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{1,10})?")


class Params(BaseModel):
    """Parameters of a generator besides the seed: frozen and closed.

    Declare each with a type, a default, bounds and a description:

        psi: float = Field(0.7, ge=-2, le=2, description="truncation")

    One that is mostly not used is `X | None = Field(None, ...)`. While it is None, or empty text
    from a form, no recipe names it: links stay short, and adding it changes no link of before.

    Some names mean the same in every generator: see `CAPABILITIES`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {name: _plain_value(cls, name, value) for name, value in given.items()}


def _plain_value(kind: type[Params], name: str, value: object) -> object:
    """`value`, or None for the empty text of an optional parameter."""
    schema = schemas(kind).get(name, {})
    if value == "" and schema.get("optional"):
        return None
    numeric = schema.get("type") in ("integer", "number")
    if numeric and isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise InvalidParameter(name, _bounds(schema), value)
    return value


@cache
def schemas(kind: type[Params]) -> dict[str, dict[str, Any]]:
    """The JSON Schema of each parameter by name.

    That of an optional one is the schema of its values, with `"optional": True` beside it.
    """
    found = {}
    for name, schema in kind.model_json_schema().get("properties", {}).items():
        choices = schema.pop("anyOf", [])
        values = [choice for choice in choices if choice != {"type": "null"}]
        optional = {"optional": True} if len(values) < len(choices) else {}
        found[name] = schema | (values[0] if len(values) == 1 else {}) | optional
    return found


class Sampler(Protocol):
    """A loaded model. It is called from one thread at a time, unless it has a true `side_by_side`.

    Then the samples of a batch are asked for one by one, from a thread for each core at once: worth it
    where one sample is too small to keep several cores busy.
    """

    def sample(self, recipes: Sequence[Recipe]) -> list[Sample]:
        """One sample for each recipe, in order; the same recipe gives the same sample in any batch."""


class Generator(ABC):
    """What a plugin gives for one domain."""

    domain: ClassVar[str]
    """A slug: the subdomain, the name on the command line, the first half of model ids."""
    noun: ClassVar[str]
    """One of what it makes: "person"."""
    title: ClassVar[str]
    """The name of its site: "This Person Does Not Exist"."""
    plural: ClassVar[str] = ""
    """Its name in a row of links: "Faces"; the domain with a capital if empty."""
    imagined_by: ClassVar[str] = ""
    """Who makes them, as the page says: "a Markov chain"; told from the architecture if empty."""
    params: ClassVar[type[Params]] = Params
    """Its parameters besides the seed."""
    formats: ClassVar[tuple[str, ...]] = PICTURE_FORMATS
    """What its samples can be encoded as, keys of `media.MEDIA_TYPES`; the first is the default."""
    max_batch: ClassVar[int] = 8
    """How many recipes one call of `sample` may get."""
    api_version: ClassVar[int] = API_VERSION
    """The contract it was written for: write the number down, so that a later runtime knows."""

    @abstractmethod
    def load(self, card: ModelCard, files: Mapping[str, bytes], device: str) -> Sampler:
        """A model ready to sample, from verified bytes by role (`files["weights"]`).

        `device` is "cpu", "cuda", "cuda:1" or "mps". Import heavy libraries in here, not at the
        top of the module. Raises WeightsInvalid if the bytes are not what `card` says.
        """

    def prepare(self) -> None:  # noqa: B027 - most have nothing to prepare
        """Import the libraries that `load` and `sample` need, and have them read tables of their own.

        Called in a worker process that has nothing else to do, perhaps never, and for no model yet.
        """

    def numbers(self, seed: int) -> Sequence[float]:  # noqa: ARG002 - for generators that can tell
        """The random numbers that a seed becomes first, for the page that explains; () if untold."""
        return ()

    @property
    def label(self) -> str:
        return self.plural or self.domain.replace("-", " ").capitalize()

    @property
    def capabilities(self) -> frozenset[str]:
        """What can be played with, told from the names of its parameters: see `CAPABILITIES`."""
        own = self.params.model_fields.keys()
        return frozenset(name for name, needed in CAPABILITIES.items() if needed <= own)


def compatible(generator: Generator) -> bool:
    """Whether a generator was written for a contract that this runtime keeps."""
    return OLDEST_API_VERSION <= generator.api_version <= API_VERSION


def faults(generator: Generator) -> Iterator[str]:
    """What is wrong with a generator's metadata, in words; nothing if all is well."""
    for name in ("domain", "noun", "title"):
        text = getattr(generator, name, None)
        if not isinstance(text, str) or not text.strip():
            yield f"{type(generator).__name__} lacks a {name}"
            return
    for name in ("plural", "imagined_by"):
        if not isinstance(getattr(generator, name), str):
            yield f"{name} must be text, found {getattr(generator, name)!r}"
    if not SLUG.fullmatch(generator.domain):
        yield f"domain {generator.domain!r} is no lower-case host label"
    formats: object = generator.formats
    if not isinstance(formats, tuple | list) or not formats or any(f not in MEDIA_TYPES for f in formats):
        yield f"formats {formats!r} must be among {', '.join(MEDIA_TYPES)}"
    if type(generator.max_batch) is not int or generator.max_batch < 1:
        yield f"max_batch must be a whole number from 1 on, found {generator.max_batch!r}"
    yield from _params_faults(generator.params)


def _params_faults(params: object) -> Iterator[str]:
    if not isinstance(params, type) or not issubclass(params, Params):
        yield f"params must be a subclass of Params, found {params!r}"
        return
    try:
        schemas(params)
    except PydanticUserError as error:
        yield f"params cannot be told: {error}"
    for name, field in params.model_fields.items():
        if name in RESERVED:
            yield f"parameter {name!r} has a name of the runtime's own ({', '.join(sorted(RESERVED))})"
        if field.is_required():
            yield f"parameter {name!r} needs a default"


def check_params(kind: type[Params], given: Mapping[str, object]) -> dict[str, Value]:
    """All parameters of `kind` that are not None, defaults included, as plain values.

    Raises InvalidParameter that names the first wrong field: unknown, of the wrong type, out of
    its bounds, not finite.
    """
    try:
        checked = kind.model_validate(dict(given)).model_dump(exclude_none=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "parameters"
        if first["type"] == "extra_forbidden":
            known = ", ".join(("seed", *kind.model_fields))
            raise InvalidParameter(name, f"a known parameter ({known})", first["input"]) from None
        raise InvalidParameter(name, _bounds(schemas(kind).get(name, {})), first["input"]) from None
    # -0.0 + 0.0 is 0.0: one value, one recipe; and nothing finer than what `_NUMBER` can read again
    return {n: round(v, 10) + 0.0 if isinstance(v, float) else v for n, v in checked.items()}


def _bounds(schema: Mapping[str, Any]) -> str:
    """What a field expects, in words, from its JSON Schema: "a number from -2 to 2"."""
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    words = {"integer": "an integer", "number": "a number", "boolean": "true or false"}
    text = words.get(schema.get("type", ""), "text")
    if "minimum" in schema and "maximum" in schema:
        text += f" from {schema['minimum']:.10g} to {schema['maximum']:.10g}"
    if "pattern" in schema and "examples" in schema:
        text += f" such as {' or '.join(map(str, schema['examples']))}"
    return text
