"""What stands on the site of a domain alone: play, and the forms that clients of older sites ask for."""

from __future__ import annotations

from typing import Any

from doesnotexist import Generator, Zoo
from doesnotexist.generator import schemas
from doesnotexist.media import MIN_SIZE, PICTURE_FORMATS

from ...series.kinds import KINDS, Kind, usual
from ...series.play import formats_of
from ...series.reading import TILE
from ..old_forms import WISHES
from .parts import MAKING, PIXELS, common_params, generator_params, in_path, media, operation, query, seeded
from .schemas import TEXT, ref

OLD = "Old forms"


def site(zoo: Zoo, generator: Generator) -> dict[str, Any]:
    """The paths of a domain's own site."""
    series = {kind: formats_of(generator, kind) for kind in KINDS.values()}
    paths = {
        "/image": _image(zoo, generator),
        **{f"/{kind.name}.{{format}}": _series(zoo, generator, kind) for kind in series if series[kind]},
        "/new": _new(zoo, generator),
    }
    if pictures := [name for name in PICTURE_FORMATS if name in generator.formats]:
        paths["/seed/{seed}/{width}/{height}.{format}"] = _shaped(pictures)
    return {path: {"get": described} for path, described in paths.items()}


def _image(zoo: Zoo, generator: Generator) -> dict[str, Any]:
    described = operation(
        "image",
        f"A {generator.noun}, as old clients ask for it. A query that means nothing is left aside.",
        media(generator.formats),
        MAKING,
        parameters=[*common_params(zoo, generator.domain), *generator_params(generator)],
        tags=[OLD],
    )
    return seeded(described)


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
            in_path("format", {"enum": list(formats)}),
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


def _new(zoo: Zoo, generator: Generator) -> dict[str, Any]:
    own = schemas(generator.params)
    wishes = [query(name, TEXT, "left aside, and named in not_honoured") for name in WISHES]
    return operation(
        "new",
        "Where a fresh one is, as clients of this-person-does-not-exist.com ask for it.",
        {"application/json": {"schema": ref("New")}},
        ("400", "404", "410", "429", "503"),
        parameters=[
            *common_params(zoo, generator.domain),
            *generator_params(generator),
            *(wish for wish in wishes if wish["name"] not in own),
        ],
        tags=[OLD],
    )


def _shaped(formats: list[str]) -> dict[str, Any]:
    described = operation(
        "seed",
        "The picture of a number or a word, in any shape, as clients of picsum.photos ask for it.",
        media(formats),
        MAKING,
        parameters=[
            in_path("seed", {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$"}),
            in_path("width", PIXELS),
            in_path("height", PIXELS),
            in_path("format", {"enum": formats}),
        ],
        tags=[OLD],
    )
    return seeded(described)
