"""The controls of a page, from the JSON Schema of a generator's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from doesnotexist import Params
from doesnotexist.generator import schemas
from doesnotexist.recipe import Value, text_of

Kind = Literal["range", "number", "choice", "text"]

FINE = 0.05  # the step of a slider over real numbers
MAX_NOTCHES = 1000  # more whole numbers than this are typed, not slid


@dataclass(frozen=True)
class Control:
    """One parameter as a form shows it; numbers as text, exactly as they go into an address."""

    name: str
    kind: Kind
    value: str
    description: str = ""
    minimum: str = ""
    maximum: str = ""
    step: str = "any"
    choices: tuple[str, ...] = ()


def controls(kind: type[Params], values: Mapping[str, Value]) -> list[Control]:
    """A control for each parameter that has a value, in the order they were declared."""
    return [_control(name, schema, values[name]) for name, schema in schemas(kind).items() if name in values]


def within(control: Control, low: float, high: float) -> Control:
    """A control from `low` to `high`, unless its value lies outside: a form may not move it."""
    if not low <= float(control.value) <= high:
        return control
    return replace(control, minimum=_number(low), maximum=_number(high))


def _control(name: str, schema: Mapping[str, Any], value: Value) -> Control:
    text, description = text_of(value), schema.get("description", "")
    choices = ("true", "false") if schema.get("type") == "boolean" else schema.get("enum", ())
    if choices:
        return Control(name, "choice", text, description, choices=tuple(map(str, choices)))
    if schema.get("type") not in ("number", "integer"):
        return Control(name, "text", text, description)
    low, high = schema.get("minimum"), schema.get("maximum")
    whole = schema["type"] == "integer"
    slid = low is not None and high is not None and not (whole and high - low > MAX_NOTCHES)
    return Control(
        name,
        "range" if slid else "number",
        text,
        description,
        minimum=_number(low),
        maximum=_number(high),
        step="1" if whole else _step(float(value), low),
    )


def _step(value: float, low: float | None) -> str:
    """A step on which `value` lies: a form may not move a picture it only shows."""
    steps = (value - (low or 0)) / FINE
    return str(FINE) if abs(steps - round(steps)) < 1e-6 else "any"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
