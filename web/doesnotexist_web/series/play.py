"""What can be played with on the site of a domain: sheets, strips, neighbours and morphs.

`/sheet.png` is the picture, `/sheet.json` the recipes in it. A series costs many generations: few
are made at a time, each waits in the engine's queue a few samples at a time, and one that several
visitors ask for is made once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from time import monotonic

from flask import Blueprint, Response, current_app, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import NotFound

from doesnotexist import Generator, Picture
from doesnotexist.errors import DeadlineExceeded, InvalidParameter
from doesnotexist.media import MEDIA_TYPES, PICTURE_FORMATS, SUFFIXES, as_json
from doesnotexist.provenance import video_metadata

from .. import here
from ..answering.answers import addressed, file_name, permalink, with_query
from . import films
from .boards import Pixels, board, finished, is_picture, pixels_of
from .kinds import KINDS, SHEET, STRIP, Kind, offers
from .once import Once
from .reading import Series, listed, read_series

play = Blueprint("play", __name__)

AT_ONCE = 3  # series that are made at a time
STEP = 4  # samples of one series in the engine's queue: the visitors of pages wait behind no more
KEPT = 48 * 2**20  # bytes of finished series

TYPES: Mapping[str, str] = {**MEDIA_TYPES, **films.MEDIA_TYPES}


@play.record
def _prepare(state: BlueprintSetupState) -> None:
    state.app.extensions["doesnotexist.makers"] = here.Places(AT_ONCE)
    state.app.extensions["doesnotexist.series"] = Once(KEPT)


def show(kind: str, suffix: str | None = None) -> Response:
    """A series, as a picture, a film, or the list of its recipes."""
    generator, what = here.generator(), KINDS[kind]
    format = _format(generator, what, suffix)
    series = read_series(what, here.zoo(), generator.domain, request.args)
    seed, etag = series.recipes[0].seed, f"{series.digest[:32]}-{format}"
    if series.seeded and request.if_none_match.contains_weak(etag):
        response = Response(status=304)
    else:
        response = Response(_made(series, format), mimetype=TYPES[format])
        name = file_name(f"{series.domain}-{kind}", seed, format)
        response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    where = _links(series, format)
    addressed(response, etag, seed, where, seeded=series.seeded, complete=series.complete)
    if what.film and format != "json" and series.seeded:  # some players ask for a video in pieces
        response.make_conditional(request, accept_ranges=True, complete_length=response.content_length)
    return response


for _kind in KINDS:
    play.add_url_rule(f"/{_kind}", _kind, show, defaults={"kind": _kind})
    play.add_url_rule(f"/{_kind}.<suffix>", _kind, show, defaults={"kind": _kind})


def formats_of(generator: Generator, kind: Kind) -> tuple[str, ...]:
    """The formats that a series can be had in, the usual one first; none if there is no such series."""
    if not offers(generator, kind):
        return ()
    if not set(PICTURE_FORMATS) & set(generator.formats):
        return ("json",)
    return (*films.film_formats(), "json") if kind.film else ("webp", "png", "jpeg", "avif", "json")


def _format(generator: Generator, kind: Kind, suffix: str | None) -> str:
    offered = formats_of(generator, kind)
    if not offered:
        lacks = f"their generator lacks what the API calls {kind.needs!r}"
        raise NotFound(f"There is no {kind.name} of {generator.label}: {lacks}.")
    format = offered[0] if suffix is None else {**SUFFIXES, "webm": "webm", "mp4": "mp4"}.get(suffix, suffix)
    if format in films.MEDIA_TYPES and kind.film and format not in offered:
        raise NotFound(f"This site makes no {format}; {', '.join(offered)} are to be had.")
    if format not in offered:
        raise InvalidParameter("format", f"one of {', '.join(offered)}", suffix)
    return format


def _made(series: Series, format: str) -> bytes:
    """The bytes of a series; raises QueueFull when too many are being made, and what `Zoo.render` raises."""
    if format == "json":
        links = [permalink(series.domain, recipe) for recipe in series.recipes]
        return as_json(listed(series, links))
    once: Once = current_app.extensions["doesnotexist.series"]
    with here.room():
        return once.get(f"{series.digest} {format}", lambda: _make(series, format))


def _make(series: Series, format: str) -> bytes:
    with here.room("doesnotexist.makers"):
        tiles = _tiles(series)
        record = _record(series, tiles[0])
        if series.kind.film:
            fps = films.FPS if is_picture(here.generator()) else films.DRAWN_FPS
            data = films.film(tiles, format, video_metadata(record), fps)
        else:
            data = Picture(board(tiles, _columns(series))).encode(format, None)
    return finished(data, format, record, series.size)


def _tiles(series: Series) -> list[Pixels]:
    zoo, tiles = here.zoo(), list[Pixels]()
    generator = zoo.generator(series.domain)
    format = (
        "png" if "png" in generator.formats else next(f for f in PICTURE_FORMATS if f in generator.formats)
    )
    full = zoo.card(series.domain, series.recipes[0].reference).resolution == series.size
    end = monotonic() + zoo.settings.deadline_s
    for begin in range(0, len(series.recipes), STEP):
        if monotonic() > end:
            raise DeadlineExceeded(zoo.settings.deadline_s)
        few = series.recipes[begin : begin + STEP]
        # in full size a tile is the very file that a page shows, and may be here already
        made = zoo.generate_many(few, format, None if full else series.size)
        tiles += [pixels_of(creation.data) for creation in made]
    return tiles


def _record(series: Series, tile: Pixels) -> dict[str, object]:
    """The record of the first sample, which says that there are more."""
    height, width, _ = tile.shape
    record = here.zoo().record(series.recipes[0], {"width": width, "height": height})
    told = f"{len(series.recipes)} samples, a {series.kind.name}; the recipe is that of the first"
    return {**record, "statement": f"{record['statement']} ({told}.)", "samples": len(series.recipes)}


def _columns(series: Series) -> int:
    count = len(series.recipes)
    if series.kind is STRIP:
        return count
    return math.isqrt(count) if series.kind is SHEET else math.ceil(math.sqrt(count))


def _links(series: Series, format: str) -> str:
    """The Link header: where it can be had for ever, and the list of its samples."""
    described = f'<{_address(series, "json")}>; rel="describedby"; type="application/json"'
    return f'<{_address(series, format)}>; rel="canonical", {described}'


def _address(series: Series, format: str) -> str:
    path = url_for(f"play.{series.kind.name}", suffix=format if format != "jpeg" else "jpg")
    return with_query(path, series.query)
