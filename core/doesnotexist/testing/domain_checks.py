"""What a generator says of itself: metadata, parameters and model card. None of it needs weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import SkipTest

from ..errors import DoesNotExistError, InvalidParameter
from ..generator import API_VERSION, check_params, compatible, faults, schemas
from ..recipe import Value
from .subject import Subject, Unfit


def check_metadata(subject: Subject) -> None:
    """Its domain, names, formats and contract version are ones that the runtime can work with."""
    if not compatible(subject.generator):
        version = subject.generator.api_version
        raise Unfit(f"it is made for contract version {version}, this is {API_VERSION}")
    for fault in faults(subject.generator):
        raise Unfit(fault)


def check_card_and_licence(subject: Subject) -> None:
    """It has a model card of its domain: licences of code, weights and data, and defaults that fit."""
    card = subject.card
    if card is None:
        raise SkipTest("no model card yet: it belongs in the plugin's registry.yaml")
    if card.domain != subject.generator.domain:
        raise Unfit(f"card {card.id} is not of the domain {subject.generator.domain}")
    try:
        check_params(subject.generator.params, card.defaults)
    except InvalidParameter as error:
        raise Unfit(f"the defaults of card {card.id} do not fit: {error}") from None


def check_parameters_are_described(subject: Subject) -> None:
    """Every parameter has a description; numbers have bounds, text has a limit: sliders need them."""
    for name, schema in schemas(subject.generator.params).items():
        if not schema.get("description"):
            raise Unfit(f"parameter {name} has no description")
        kind = schema.get("type")
        if kind in ("integer", "number") and not {"minimum", "maximum"} <= schema.keys():
            raise Unfit(f"parameter {name} needs bounds: Field(..., ge=…, le=…)")
        if kind == "string" and not schema.keys() & {"enum", "const", "maxLength"}:
            raise Unfit(f"parameter {name} needs a limit: a Literal, or Field(..., max_length=…)")


def check_parameters_are_refused(subject: Subject) -> None:
    """Values outside the bounds, of another type, not finite or of an unknown name are refused."""
    kind = subject.generator.params
    for name, wrong in _wrong_values(subject):
        try:
            check_params(kind, {name: wrong})
        except InvalidParameter:
            continue
        except DoesNotExistError as error:
            raise Unfit(f"{name}={wrong!r} must raise InvalidParameter, raised {error!r}") from None
        raise Unfit(f"{name}={wrong!r} must be refused, it was taken")


def other_values(schema: dict[str, Any]) -> list[Value]:
    """Allowed values of a parameter besides its default, the farthest first."""
    default = schema.get("default")
    if "enum" in schema:
        values: list[Value] = schema["enum"]
    elif schema.get("type") == "boolean":
        values = [True, False]
    elif {"minimum", "maximum"} <= schema.keys():
        low, high = schema["minimum"], schema["maximum"]
        middle = (low + high) / 2 if schema["type"] == "number" else (low + high) // 2
        values = sorted((low, high, middle), key=lambda value: -abs(float(value) - (default or 0)))
    else:
        values = []
    return [value for value in values if value != default]


def _wrong_values(subject: Subject) -> Iterator[tuple[str, object]]:
    yield "no-such-parameter", "1"
    for name, schema in schemas(subject.generator.params).items():
        kind = schema.get("type")
        if kind in ("integer", "number"):
            yield from ((name, text) for text in ("nan", "inf", "1e999", "0x10", " ", float("nan")))
            yield from ((name, schema[edge] - 1) for edge in ("minimum",) if edge in schema)
            yield from ((name, schema[edge] + 1) for edge in ("maximum",) if edge in schema)
        if kind == "integer":
            yield name, "0.5"
        if kind == "boolean" or "enum" in schema:
            yield name, "no such value"
        if "maxLength" in schema:
            yield name, "x" * (schema["maxLength"] + 1)
