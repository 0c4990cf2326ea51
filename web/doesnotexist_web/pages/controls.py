"""The controls of a page, from the JSON Schema of a generator's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, Literal

from doesnotexist import Params
from doesnotexist.generator import CAPABILITIES, schemas
from doesnotexist.recipe import Value, text_of

Kind = Literal["range", "number", "choice", "text"]

FINE = 0.05  # the step of a slider over real numbers
MAX_NOTCHES = 1000  # more whole numbers than this are typed, not slid

# The parameters of play with a second sample, whose names mean the same in every generator.
COMPANY = CAPABILITIES["mix"] | CAPABILITIES["interpolate"] | CAPABILITIES["neighbours"]

# What a person calls them.
LABELS = {
    "psi": "ψ (psi)",
    "mix": "mixed with seed",
    "mix_layers": "which lends it",
    "toward": "to seed",
    "step": "how far",
    "relative": "relative number",
}

# What the layers of a style-based network decide: those of 4 to 8 pixels, of 16 to 32, and the rest
# (Karras et al. 2019, section 3.1).
LENT = {"0-3": "pose and shape", "4-7": "features", "8-": "colours and texture"}


@dataclass(frozen=True)
class Control:
    """One parameter as a form shows it; numbers as text, exactly as they go into an address.

    `choices` are values and what they are called.
    """

    name: str
    kind: Kind
    value: str
    description: str = ""
    minimum: str = ""
    maximum: str = ""
    step: str = "any"
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """What a person calls it."""
        return LABELS.get(self.name, self.name.replace("_", " "))

    @property
    def told(self) -> bool:
        """Whether its description is worth a line: not where the label says it all."""
        return bool(self.description) and self.name not in COMPANY


def controls(kind: type[Params], values: Mapping[str, Value]) -> list[Control]:
    """A control for each parameter that has a value, in the order they were declared."""
    return [_control(name, schema, values[name]) for name, schema in schemas(kind).items() if name in values]


def spare(kind: type[Params], values: Mapping[str, Value], without: Set[str] = COMPANY) -> list[Control]:
    """An empty control for each parameter that has no value, but those of `without`."""
    unused = schemas(kind).keys() - values.keys() - without
    return [_control(name, schema, None) for name, schema in schemas(kind).items() if name in unused]


def within(control: Control, low: float, high: float) -> Control:
    """A control from `low` to `high`, unless its value lies outside: a form may not move it."""
    if not low <= float(control.value) <= high:
        return control
    return replace(control, minimum=_number(low), maximum=_number(high))


def _control(name: str, schema: Mapping[str, Any], value: Value | None) -> Control:
    text, description = "" if value is None else text_of(value), schema.get("description", "")
    if choices := _choices(name, schema, text):
        return Control(name, "choice", text, description, choices=choices)
    if schema.get("type") not in ("number", "integer"):
        return Control(name, "text", text, description)
    low, high = schema.get("minimum"), schema.get("maximum")
    whole = schema["type"] == "integer"
    bounded = low is not None and high is not None and not (whole and high - low > MAX_NOTCHES)
    return Control(
        name,
        "range" if bounded and value is not None else "number",  # a slider cannot be empty
        text,
        description,
        minimum=_number(low),
        maximum=_number(high),
        step="1" if whole else _step(float(value or 0), low),
    )


def _choices(name: str, schema: Mapping[str, Any], value: str) -> tuple[tuple[str, str], ...]:
    """The values to choose from, with the one that stands; () where it is not a choice."""
    if name == "mix_layers":
        return tuple((LENT if value in LENT else {value: f"layers {value}", **LENT}).items())
    plain = ("true", "false") if schema.get("type") == "boolean" else schema.get("enum", ())
    empty = [("", "as usual")] if plain and not value else []
    return (*empty, *((str(choice), str(choice)) for choice in plain))


def _step(value: float, low: float | None) -> str:
    """A step on which `value` lies: a form may not move a picture it only shows."""
    steps = (value - (low or 0)) / FINE
    return str(FINE) if abs(steps - round(steps)) < 1e-6 else "any"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
