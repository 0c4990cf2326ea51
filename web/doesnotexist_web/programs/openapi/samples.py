"""`/generate/<domain>`: one sample by GET, several by GET with count or by POST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from doesnotexist import Generator, Zoo
from doesnotexist.errors import DoesNotExistError
from doesnotexist.media import MEDIA_TYPES

from ...asking.batches import MANY
from ..streams import NDJSON, ZIP
from .parts import (
    MAKING,
    PIXELS,
    common_params,
    generator_params,
    media,
    operation,
    own_schemas,
    query,
    seeded,
)
from .schemas import SEED, TEXT, Schema

COUNT: Schema = {"type": "integer", "minimum": 1, "maximum": MANY}
SPANS: Schema = {
    "type": "string",
    "pattern": "^[0-9]{1,2}(-[0-9]{1,2})?(,[0-9]{1,2}(-[0-9]{1,2})?)*$",
    "maxLength": 11,
    "examples": ["0-3,7"],
    "description": "spans of seeds",
}
LINES: Mapping[str, Any] = {NDJSON: {"schema": TEXT}, ZIP: {"schema": {}}}


def samples(zoo: Zoo, generator: Generator) -> dict[str, Any]:
    """Both operations of a domain."""
    formats = (*generator.formats, "json")
    return {"get": _one(zoo, generator, formats), "post": _many(generator, formats)}


def _one(zoo: Zoo, generator: Generator, formats: Sequence[str]) -> dict[str, Any]:
    domain, content = generator.domain, media(formats)
    if example := _example(zoo, domain):
        content[MEDIA_TYPES["json"]]["example"] = example
    described = operation(
        f"generate-{domain}",
        f"One {generator.noun} that does not exist, or with count several, as lines of JSON or a zip.",
        {**content, **LINES},
        MAKING,
        parameters=[
            *common_params(zoo, domain),
            *generator_params(generator),
            query("format", {"enum": list(formats)}, f"{formats[0]} if not given"),
            query("size", PIXELS, "width in pixels; as it comes if not given"),
            query("count", COUNT, "so many, from the seed on"),
        ],
        tags=[generator.label],
    )
    seeded(described)["responses"]["200"].pop("headers")  # which an answer with several has not
    return described


def _example(zoo: Zoo, domain: str) -> dict[str, Any] | None:
    try:
        return zoo.record(zoo.recipe(domain, 7), {})
    except DoesNotExistError:
        return None  # a domain without a model


def _many(generator: Generator, formats: Sequence[str]) -> dict[str, Any]:
    return operation(
        f"generate-many-{generator.domain}",
        "Several: a line of JSON for each as soon as it is made, also where that failed, or a zip.",
        LINES,
        ("400", "404", "410", "413", "415", "422", "429", "502", "503", "504"),
        requestBody={"required": True, "content": {"application/json": _body(generator, formats)}},
        tags=[generator.label],
    )


def _body(generator: Generator, formats: Sequence[str]) -> dict[str, Any]:
    """The JSON of a batch."""
    own = own_schemas(generator)
    common = {"model": TEXT, "format": {"enum": list(formats)}, "size": PIXELS, **own}
    item = {"type": "object", "properties": {"seed": SEED, **own}, "additionalProperties": False}
    several = {"type": "array", "minItems": 1, "maxItems": MANY}
    ways: Mapping[str, tuple[str, Schema]] = {
        "count": ("so many, fresh or from a seed on", {"count": COUNT, "seed": SEED}),
        "seeds": ("these seeds", {"seeds": {"oneOf": [{**several, "items": SEED}, SPANS]}}),
        "items": ("each with its own parameters", {"items": {**several, "items": item}}),
    }
    schema = {
        "oneOf": [
            {
                "type": "object",
                "title": about,
                "required": [name],
                "properties": {**properties, **common},
                "additionalProperties": False,
            }
            for name, (about, properties) in ways.items()
        ]
    }
    examples = {
        "fresh": {"value": {"count": 3}},
        "seeds": {"value": {"seeds": "0-3", "format": formats[0]}},
        "items": {"value": {"items": [{"seed": 1}, {"seed": 2}], "format": "json"}},
    }
    return {"schema": schema, "examples": examples}
