"""The OpenAPI 3.1 document of a site, made from what is really there.

pydantic's JSON Schema of a generator's Params is what OpenAPI 3.1 calls a schema, so the document, the
checks, the command line and the forms of the pages all come from the one declaration, whenever its
plugin was loaded. A site of one domain describes that domain; the index has what is everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from doesnotexist import Generator, Zoo
from doesnotexist.errors import DoesNotExistError
from doesnotexist.generator import schemas
from doesnotexist.media import MAX_SIZE, MEDIA_TYPES, MIN_SIZE, PICTURE_FORMATS
from doesnotexist.provenance import statements

from .answer_schemas import SCHEMAS, SEED, TEXT, Schema, ref
from .batches import MANY
from .old_forms import WISHES
from .play import TYPES, formats_of
from .series import KINDS, TILE, Kind, usual
from .streams import NDJSON, ZIP

VERSION = "3.1.1"

_ABOUT = """\
Things that do not exist, each imagined by a network when you ask for it. No key, no account; every answer
here may be read from any other site.

A sample without a `seed` is a fresh one: it is not cached, and its `Link` header and `X-Seed` say where it
can be had again. The same seed gives the same sample for ever, as long as the address names the weights
(`model=faces/starter-64@1f0c9d2ab34e`); when those weights are gone the answer is 410, never another sample.

**curl**

    curl -o face.jpg {home}generate/{domain}
    curl '{home}generate/{domain}?seed=7&format=json'
    curl -H 'Content-Type: application/json' -H 'Accept: application/zip' \\
         -d '{{"seeds": "0-9"}}' -o ten.zip {home}generate/{domain}

**Python**

    import json, requests

    answer = requests.get("{home}generate/{domain}", timeout=60)
    answer.raise_for_status()
    print(answer.headers["Link"])  # where this very one can be had again

    batch = requests.post("{home}generate/{domain}", json={{"count": 10}}, stream=True, timeout=60)
    for line in batch.iter_lines():
        print(json.loads(line)["recipe"])

When too much is asked of it the site answers 503 with `Retry-After`, at once; where the operator has set a
rate limit, 429 with the same header. Errors are `application/problem+json` for who accepts JSON, else a line
of text.
"""


def document(zoo: Zoo, domain: str, server: str) -> dict[str, Any]:
    """The document for the site of a domain, or with "" for the index; `server` is the site's address."""
    generators = [zoo.generator(domain)] if domain else list(zoo.plugins.generators.values())
    paths: dict[str, Any] = {}
    for generator in generators:
        paths[f"/generate/{generator.domain}"] = _generate(zoo, generator)
    if domain:
        paths |= _site(zoo, generators[0])
    shown = generators[0].domain if generators else "faces"
    return {
        "openapi": VERSION,
        "info": {
            "title": generators[0].title if domain else "Things that do not exist",
            "version": statements.generator().partition(" ")[2] or "0",
            "description": _ABOUT.format(home=server, domain=shown),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server.rstrip("/")}],
        "tags": [{"name": name} for name in (*(g.label for g in generators), *_MORE_TAGS)],
        "paths": paths | _lists(zoo),
        "components": {"schemas": dict(SCHEMAS), "responses": _PROBLEMS},
    }


_MORE_TAGS = ("Play", "Old forms", "Lists")
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
    "413": "The body is larger than 64 KiB.",
    "415": "The body is not application/json.",
    "416": "There is no such piece of it.",
    "422": "The body is JSON, but something in it is wrong; `field` names it.",
    "429": "One address may not ask for so much in so short a time.",
    "502": "The plugin failed.",
    "503": "Too much is asked of this site at the moment, or the model is not here.",
    "504": "It was not ready in time.",
}
_PROBLEMS: Mapping[str, Any] = {
    status: {
        "description": why,
        "content": _TOLD,
        **({"headers": _WAIT} if status == "429" else {}),
    }
    for status, why in _REASONS.items()
}
_MAKING = ("400", "404", "410", "429", "502", "503", "504")


def _operation(
    name: str, about: str, content: Mapping[str, Any], failing: Iterable[str], **more: Any
) -> dict[str, Any]:
    """An operation that answers 200 with `content`, or fails with one of these statuses."""
    responses: dict[str, Any] = {"200": {"description": about, "content": dict(content)}}
    responses |= {status: {"$ref": f"#/components/responses/{status}"} for status in failing}
    return {"operationId": name, "summary": about, "responses": responses, **more}


def _seeded(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation whose answer can be had again."""
    operation["responses"]["200"]["headers"] = {
        "Link": {"schema": TEXT, "required": True, "description": "where it can be had for ever, its record"},
        "X-Seed": {"schema": SEED, "required": True},
        "ETag": {"schema": TEXT, "description": "of the recipe, where a seed was given"},
    }
    operation["responses"]["304"] = {"description": "You have it already."}
    return operation


def _query(name: str, schema: Schema, about: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": about, **more}


def _params(generator: Generator, without: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The parameters that a generator declares."""
    optional = {name for name, schema in schemas(generator.params).items() if schema.get("optional")}
    return [
        _query(name, schema, schema.pop("description", ""), allowEmptyValue=name in optional)
        for name, schema in _own(generator).items()
        if name not in without
    ]


def _own(generator: Generator) -> dict[str, Schema]:
    """The schemas of a generator's parameters, without what says only that one may be left out."""
    idle = {"title", "optional"}
    return {
        name: {key: value for key, value in schema.items() if key not in idle and value is not None}
        for name, schema in schemas(generator.params).items()
    }


def _common(zoo: Zoo, domain: str) -> list[dict[str, Any]]:
    """The parameters that the site adds to a generator's own."""
    here = [each.card for each in zoo.models(domain) if each.status != "remote"]
    names = [name for card in here for name in (card.reference, card.id)]
    return [
        _query("seed", SEED, "which one; a fresh one if not given", example=7),
        _query("model", {"enum": names} if names else TEXT, "which model, with or without its weights"),
    ]


_SIZE = _query(
    "size",
    {"type": "integer", "minimum": MIN_SIZE, "maximum": MAX_SIZE},
    "width in pixels; as it comes if not given",
)


def _media(formats: Iterable[str]) -> dict[str, Any]:
    """The content of an answer in one of these formats."""
    content: dict[str, Any] = {}
    for name in formats:
        kind = TYPES[name]
        content[kind] = {"schema": ref("Record")} if name == "json" else {"schema": {}}
    return content


def _generate(zoo: Zoo, generator: Generator) -> dict[str, Any]:
    domain, formats = generator.domain, (*generator.formats, "json")
    content = _media(formats)
    if example := _example(zoo, domain):
        content[MEDIA_TYPES["json"]]["example"] = example
    lines = {NDJSON: {"schema": TEXT}, ZIP: {"schema": {}}}
    noun = generator.noun
    format = _query("format", {"enum": list(formats)}, f"{formats[0]} if not given")
    count = {"type": "integer", "minimum": 1, "maximum": MANY}
    one = _operation(
        f"generate-{domain}",
        f"One {noun} that does not exist, or with count several, as lines of JSON or a zip.",
        content | lines,
        _MAKING,
        parameters=[
            *_common(zoo, domain),
            *_params(generator),
            format,
            _SIZE,
            _query("count", count, "so many, from the seed on"),
        ],
        tags=[generator.label],
    )
    _seeded(one)["responses"]["200"].pop("headers")  # which an answer with several has not
    many = _operation(
        f"generate-many-{domain}",
        "Several: a line of JSON for each as soon as it is made, also where that failed, or a zip.",
        lines,
        ("400", "404", "410", "413", "415", "422", "429", "502", "503", "504"),
        requestBody={"required": True, "content": {"application/json": _body(generator, formats)}},
        tags=[generator.label],
    )
    return {"get": one, "post": many}


def _example(zoo: Zoo, domain: str) -> dict[str, Any] | None:
    try:
        return zoo.record(zoo.recipe(domain, 7), {})
    except DoesNotExistError:
        return None  # a domain without a model


def _body(generator: Generator, formats: Iterable[str]) -> dict[str, Any]:
    """The JSON of a batch."""
    own = _own(generator)
    item = {"type": "object", "properties": {"seed": SEED, **own}, "additionalProperties": False}
    several = {"minItems": 1, "maxItems": MANY}
    common = {
        "model": TEXT,
        "format": {"enum": list(formats)},
        "size": {"type": "integer", "minimum": MIN_SIZE, "maximum": MAX_SIZE},
        **own,
    }
    ways: Mapping[str, tuple[str, Schema]] = {
        "count": (
            "so many, fresh or from a seed on",
            {"count": {"type": "integer", "minimum": 1, "maximum": MANY}, "seed": SEED},
        ),
        "seeds": (
            "these seeds",
            {"seeds": {"oneOf": [{"type": "array", "items": SEED, **several}, _SPANS]}},
        ),
        "items": ("each with its own parameters", {"items": {"type": "array", "items": item, **several}}),
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
        "seeds": {"value": {"seeds": "0-3", "format": formats[0] if isinstance(formats, tuple) else "json"}},
        "items": {"value": {"items": [{"seed": 1}, {"seed": 2}], "format": "json"}},
    }
    return {"schema": schema, "examples": examples}


_SPANS: Schema = {
    "type": "string",
    "pattern": "^[0-9]{1,2}(-[0-9]{1,2})?(,[0-9]{1,2}(-[0-9]{1,2})?)*$",
    "maxLength": 11,
    "examples": ["0-3,7"],
    "description": "spans of seeds",
}


def _site(zoo: Zoo, generator: Generator) -> dict[str, Any]:
    """What stands on the site of a domain alone."""
    own = [*_common(zoo, generator.domain), *_params(generator)]
    picture = _operation(
        "image",
        f"A {generator.noun}, as old clients ask for it. A query that means nothing is left aside.",
        _media(generator.formats),
        _MAKING,
        parameters=own,
        tags=["Old forms"],
    )
    paths: dict[str, Any] = {"/image": {"get": _seeded(picture)}}
    paths |= {
        f"/{kind.name}.{{format}}": {"get": _series(zoo, generator, kind)}
        for kind in KINDS.values()
        if formats_of(generator, kind)
    }
    wishes = [_query(name, TEXT, "left aside, and named in not_honoured") for name in WISHES]
    new = _operation(
        "new",
        "Where a fresh one is, as clients of this-person-does-not-exist.com ask for it.",
        {"application/json": {"schema": ref("New")}},
        ("400", "404", "410", "429", "503"),
        parameters=[*own, *(wish for wish in wishes if wish["name"] not in schemas(generator.params))],
        tags=["Old forms"],
    )
    paths["/new"] = {"get": new}
    pictures = [name for name in PICTURE_FORMATS if name in generator.formats]
    if pictures:
        paths["/seed/{seed}/{width}/{height}.{format}"] = {"get": _shaped(pictures)}
    return paths


def _series(zoo: Zoo, generator: Generator, kind: Kind) -> dict[str, Any]:
    formats = formats_of(generator, kind)
    count = {"type": "integer", "minimum": kind.few, "maximum": kind.many, "default": usual(kind, generator)}
    size = {"type": "integer", "minimum": MIN_SIZE, "maximum": 2 * TILE}
    content = _media(formats)
    content["application/json"] = {"schema": ref("Series")}
    operation = _operation(
        kind.name,
        kind.about,
        content,
        ("400", "404", "410", "416", "429", "502", "503", "504"),
        parameters=[
            {"name": "format", "in": "path", "required": True, "schema": {"enum": list(formats)}},
            *_common(zoo, generator.domain),
            *_params(generator, kind.sets),
            _query(kind.per, count),
            _query("size", size, "pixels of each"),
        ],
        tags=["Play"],
    )
    if kind.film:
        operation["responses"]["206"] = {"description": "A piece of it.", "content": content}
    return _seeded(operation)


def _shaped(formats: list[str]) -> dict[str, Any]:
    side = {"type": "integer", "minimum": MIN_SIZE, "maximum": MAX_SIZE}
    given = {
        "seed": {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$"},
        "width": side,
        "height": side,
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in {**given, "format": {"enum": formats}}.items()
    ]
    about = "The picture of a number or a word, in any shape, as clients of picsum.photos ask for it."
    return _seeded(
        _operation("seed", about, _media(formats), _MAKING, parameters=parameters, tags=["Old forms"])
    )


def _lists(zoo: Zoo) -> dict[str, Any]:
    """What is the same on every host."""
    domains = {"enum": list(zoo.plugins.generators)}
    models = _operation(
        "models",
        "Every model, or those of one domain.",
        {"application/json": {"schema": {"type": "array", "items": ref("Model")}}},
        ("404", "429"),
        parameters=[_query("domain", domains)],
    )
    every = _operation(
        "domains",
        "Every domain.",
        {"application/json": {"schema": {"type": "array", "items": ref("Domain")}}},
        ("429",),
    )
    health = _operation(
        "healthz", "Whether this process answers.", {"application/json": {"schema": ref("Health")}}, ()
    )
    return {
        "/models": {"get": models | {"tags": ["Lists"]}},
        "/domains": {"get": every | {"tags": ["Lists"]}},
        "/healthz": {"get": health | {"tags": ["Lists"]}},
    }
