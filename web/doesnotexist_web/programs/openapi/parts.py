"""What operations are made of: answers, failures, parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from doesnotexist import Generator, Zoo
from doesnotexist.generator import schemas
from doesnotexist.media import MAX_SIZE, MIN_SIZE

from ...series.play import TYPES
from .schemas import SEED, TEXT, Schema, ref

PIXELS: Schema = {"type": "integer", "minimum": MIN_SIZE, "maximum": MAX_SIZE}

_TOLD = {
    "application/problem+json": {"schema": ref("Problem")},
    "text/plain": {"schema": TEXT},
    "text/html": {"schema": TEXT},
}
_WAIT = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
_REASONS: Mapping[str, str] = {
    "400": "A parameter is wrong; `field` names it.",
    "404": "There is no such thing here.",
    "410": "The weights that this address names are gone: the same sample cannot be made again.",
    "413": "The body is larger than what is taken here.",
    "415": "The body is not application/json.",
    "416": "There is no such piece of it.",
    "422": "The body is JSON, but something in it is wrong; `field` names it.",
    "429": "One address may not ask for so much in so short a time.",
    "502": "The plugin failed.",
    "503": "Too much is asked of this site at the moment, or the model is not here.",
    "504": "It was not ready in time.",
}
PROBLEMS: Mapping[str, Any] = {
    status: {
        "description": why,
        "content": _TOLD,
        **({"headers": _WAIT} if status == "429" else {}),
    }
    for status, why in _REASONS.items()
}
MAKING = ("400", "404", "410", "429", "502", "503", "504")


def operation(
    name: str, about: str, content: Mapping[str, Any], failing: Iterable[str], **more: Any
) -> dict[str, Any]:
    """An operation that answers 200 with `content`, or fails with one of these statuses."""
    responses: dict[str, Any] = {"200": {"description": about, "content": dict(content)}}
    responses |= {status: {"$ref": f"#/components/responses/{status}"} for status in failing}
    return {"operationId": name, "summary": about, "responses": responses, **more}


def seeded(described: dict[str, Any]) -> dict[str, Any]:
    """An operation whose answer can be had again."""
    described["responses"]["200"]["headers"] = {
        "Link": {"schema": TEXT, "required": True, "description": "where it can be had for ever, its record"},
        "X-Seed": {"schema": SEED, "required": True},
        "ETag": {"schema": TEXT, "description": "of the recipe, where a seed was given"},
    }
    described["responses"]["304"] = {"description": "You have it already."}
    return described


def query(name: str, schema: Schema, about: str = "", **more: Any) -> dict[str, Any]:
    """A parameter in a query."""
    return {"name": name, "in": "query", "schema": schema, "description": about, **more}


def in_path(name: str, schema: Schema) -> dict[str, Any]:
    """A parameter that is a part of the path."""
    return {"name": name, "in": "path", "required": True, "schema": schema}


def generator_params(generator: Generator, without: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The parameters that a generator declares."""
    optional = {name for name, schema in schemas(generator.params).items() if schema.get("optional")}
    return [
        query(name, schema, schema.pop("description", ""), allowEmptyValue=name in optional)
        for name, schema in own_schemas(generator).items()
        if name not in without
    ]


def own_schemas(generator: Generator) -> dict[str, Schema]:
    """The schemas of a generator's parameters, without what says only that one may be left out."""
    idle = {"title", "optional"}
    return {
        name: {key: value for key, value in schema.items() if key not in idle and value is not None}
        for name, schema in schemas(generator.params).items()
    }


def common_params(zoo: Zoo, domain: str) -> list[dict[str, Any]]:
    """The parameters that the site adds to a generator's own."""
    here = [each.card for each in zoo.models(domain) if each.status != "remote"]
    names = [name for card in here for name in (card.reference, card.id)]
    return [
        query("seed", SEED, "which one; a fresh one if not given", example=7),
        query("model", {"enum": names} if names else TEXT, "which model, with or without its weights"),
    ]


def media(formats: Iterable[str]) -> dict[str, Any]:
    """The content of an answer in one of these formats."""
    content: dict[str, Any] = {}
    for name in formats:
        kind = TYPES[name]
        content[kind] = {"schema": ref("Record")} if name == "json" else {"schema": {}}
    return content
