"""What clients of older sites ask for, so that a new host name is all that they need.

`/image` and `/` stand where they belong, in the API and the pages. Here are the forms of picsum.photos,
`/seed/<seed>/<width>/<height>.webp`, and of this-person-does-not-exist.com, `/new?gender=…`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from doesnotexist import Picture
from doesnotexist.errors import InvalidParameter
from doesnotexist.media import MAX_SIZE, MEDIA_TYPES, MIN_SIZE, PICTURE_FORMATS, check_format
from doesnotexist.recipe import MAX_SEED

from .. import here
from ..answering.answers import (
    addressed,
    deliver,
    disposition,
    file_name,
    json_answer,
    links,
    make,
    permalink,
)
from ..asking.orders import Order, read_order
from ..series.boards import cropped, finished, pixels_of

old_forms = Blueprint("old_forms", __name__)

# What those sites let one wish for. No generator here can honour it; one that has a parameter of
# that name does.
WISHES = ("gender", "age", "etnic")
ALL = "all"
CUT_AT_ONCE = 4  # one of 2048 pixels a side takes a second and some 80 MB, and anybody may ask again


@old_forms.record
def _prepare(state: BlueprintSetupState) -> None:
    state.app.extensions["doesnotexist.cutters"] = here.Places(CUT_AT_ONCE)


@old_forms.get("/new")
def new() -> Response:
    """The record of a fresh picture: `src` is where it is, `not_honoured` which wishes it leaves aside."""
    generator = here.generator()
    order = read_order(here.zoo(), generator.domain, request.args, strict=False)
    own = generator.params.model_fields
    wishes = [name for name in WISHES if request.args.get(name, ALL) != ALL and name not in own]
    told: dict[str, Any] = {
        "generated": "true",  # as text, as it always was
        "src": permalink(order.domain, order.recipe),
        "name": file_name(order.domain, order.recipe.seed, generator.formats[0]),
        "seed": order.recipe.seed,
        "recipe": str(order.recipe),
        "not_honoured": wishes,
    }
    response = json_answer(told)
    response.headers["Cache-Control"] = "no-store"
    return response


@old_forms.get("/seed/<seed>/<width>/<height>")
def seeded(seed: str, width: str, height: str) -> Response:
    """The picture of a seed in any shape, the middle of a square: `/seed/7/200/300.webp`.

    A seed that is no number is a word, which means one number for ever.
    """
    generator = here.generator()
    formats = tuple(name for name in PICTURE_FORMATS if name in generator.formats)
    if not formats:
        raise NotFound(f"{generator.label} are no pictures; {', '.join(generator.formats)} are to be had.")
    height, _, suffix = height.partition(".")
    sides = _side("width", width), _side("height", height)
    format = check_format(suffix, formats) if suffix else formats[0]
    query = {"seed": str(number_of(seed)), "size": str(max(sides)), "format": format}
    order = read_order(here.zoo(), generator.domain, MultiDict(query))
    return deliver(order) if sides[0] == sides[1] else _cut(order, *sides)


def _cut(order: Order, width: int, height: int) -> Response:
    """The middle of what was ordered."""
    etag = f"{order.recipe.digest[:32]}-{order.format}-{width}-{height}"
    if request.if_none_match.contains_weak(etag):
        response = Response(status=304)
    else:
        lossless = replace(order, format="png" if "png" in here.generator().formats else order.format)
        _, media = make(lossless)
        cutters: here.Places = current_app.extensions["doesnotexist.cutters"]
        with here.room(), cutters.free:  # a page of many such pictures waits its turn, within the room
            pixels = cropped(pixels_of(media.data), width, height)
            record = here.zoo().record(order.recipe, {"width": width, "height": height})
            data = finished(Picture(pixels).encode(order.format, None), order.format, record, order.size)
        response = Response(data, mimetype=MEDIA_TYPES[order.format])
        response.headers["Content-Disposition"] = disposition(order)
    return addressed(response, etag, order.recipe.seed, links(order), seeded=True, complete=False)


def _side(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not MIN_SIZE <= int(text) <= MAX_SIZE:
        raise InvalidParameter(name, f"{MIN_SIZE} to {MAX_SIZE} pixels", text)
    return int(text)


def number_of(seed: str) -> int:
    """The seed that a word means: itself if it is one, else the first 32 bits of its sha256."""
    if re.fullmatch(r"[0-9]{1,10}", seed) and int(seed) <= MAX_SEED:
        return int(seed)
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big")
