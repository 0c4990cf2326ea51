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
from .openapi_parts import (
    MAKING,
    PROBLEMS,
    SIZE,
    common_params,
    generator_params,
    media,
    operation,
    own_schemas,
    query,
    seeded,
)
from .play import formats_of
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
        "components": {"schemas": dict(SCHEMAS), "responses": PROBLEMS},
    }


_MORE_TAGS = ("Play", "Old forms", "Lists")


def _generate(zoo: Zoo, generator: Generator) -> dict[str, Any]:
    domain, formats = generator.domain, (*generator.formats, "json")
    content = media(formats)
    if example := _example(zoo, domain):
        content[MEDIA_TYPES["json"]]["example"] = example
    lines = {NDJSON: {"schema": TEXT}, ZIP: {"schema": {}}}
    noun = generator.noun
    format = query("format", {"enum": list(formats)}, f"{formats[0]} if not given")
    count = {"type": "integer", "minimum": 1, "maximum": MANY}
    one = operation(
        f"generate-{domain}",
        f"One {noun} that does not exist, or with count several, as lines of JSON or a zip.",
        content | lines,
        MAKING,
        parameters=[
            *common_params(zoo, domain),
            *generator_params(generator),
            format,
            SIZE,
            query("count", count, "so many, from the seed on"),
        ],
        tags=[generator.label],
    )
    seeded(one)["responses"]["200"].pop("headers")  # which an answer with several has not
    many = operation(
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
    own = own_schemas(generator)
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
    own = [*common_params(zoo, generator.domain), *generator_params(generator)]
    picture = operation(
        "image",
        f"A {generator.noun}, as old clients ask for it. A query that means nothing is left aside.",
        media(generator.formats),
        MAKING,
        parameters=own,
        tags=["Old forms"],
    )
    paths: dict[str, Any] = {"/image": {"get": seeded(picture)}}
    paths |= {
        f"/{kind.name}.{{format}}": {"get": _series(zoo, generator, kind)}
        for kind in KINDS.values()
        if formats_of(generator, kind)
    }
    wishes = [query(name, TEXT, "left aside, and named in not_honoured") for name in WISHES]
    new = operation(
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
    content = media(formats)
    content["application/json"] = {"schema": ref("Series")}
    described = operation(
        kind.name,
        kind.about,
        content,
        ("400", "404", "410", "416", "429", "502", "503", "504"),
        parameters=[
            {"name": "format", "in": "path", "required": True, "schema": {"enum": list(formats)}},
            *common_params(zoo, generator.domain),
            *generator_params(generator, kind.sets),
            query(kind.per, count),
            query("size", size, "pixels of each"),
        ],
        tags=["Play"],
    )
    if kind.film:
        described["responses"]["206"] = {"description": "A piece of it.", "content": content}
    return seeded(described)


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
    return seeded(operation("seed", about, media(formats), MAKING, parameters=parameters, tags=["Old forms"]))


def _lists(zoo: Zoo) -> dict[str, Any]:
    """What is the same on every host."""
    domains = {"enum": list(zoo.plugins.generators)}
    models = operation(
        "models",
        "Every model, or those of one domain.",
        {"application/json": {"schema": {"type": "array", "items": ref("Model")}}},
        ("404", "429"),
        parameters=[query("domain", domains)],
    )
    every = operation(
        "domains",
        "Every domain.",
        {"application/json": {"schema": {"type": "array", "items": ref("Domain")}}},
        ("429",),
    )
    health = operation(
        "healthz", "Whether this process answers.", {"application/json": {"schema": ref("Health")}}, ()
    )
    return {
        "/models": {"get": models | {"tags": ["Lists"]}},
        "/domains": {"get": every | {"tags": ["Lists"]}},
        "/healthz": {"get": health | {"tags": ["Lists"]}},
    }
