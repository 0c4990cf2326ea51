"""Many samples in one answer, each sent as soon as it is made.

A line of JSON for each, with its record and its bytes in base64; or, for who asks for
application/zip, an archive of the files with those lines beside them. What cannot be made is a line
that says why, and costs the others nothing.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from time import monotonic
from typing import Any

from flask import Blueprint, Response, request, stream_with_context
from werkzeug.exceptions import BadRequest

from doesnotexist import Media, Recipe
from doesnotexist.errors import DeadlineExceeded, DoesNotExistError, QueueFull
from doesnotexist.media import as_json

from .. import here
from ..answering.answers import file_name, permalink
from ..answering.failures import failure_of, problem
from ..answering.headers import public
from ..asking.batches import Batch, read_batch

streams = Blueprint("streams", __name__)

NDJSON, ZIP = "application/x-ndjson", "application/zip"
WHOLE_S = 600  # seconds that an answer may take, its reader included, who could take his time for ever
STEP = 4  # samples of one batch in the engine's queue: the visitors of pages wait behind no more

Outcome = tuple[int, Recipe, Media | DoesNotExistError]


@streams.post("/generate/<domain>")
def generate_many(domain: str) -> Response:
    """The samples that a JSON object asks for."""
    return deliver_batch(read_batch(here.zoo(), domain, _object()))


def _object() -> dict[str, Any]:
    try:
        given = request.get_json()
    except RecursionError:
        given = None
    if not isinstance(given, dict):
        raise BadRequest("The body must be a JSON object.")
    return given


def deliver_batch(batch: Batch) -> Response:
    """The answer with every sample of a batch; raises QueueFull when there is no room to begin."""
    zipped = request.accept_mimetypes.best_match([NDJSON, ZIP], NDJSON) == ZIP
    with ExitStack() as stack:
        stack.enter_context(here.room())
        stack.enter_context(here.room("doesnotexist.makers"))
        made = _outcomes(batch)
        first = next(made)
        if isinstance(first[2], QueueFull):
            raise first[2]
        outcomes = chain([first], made)
        body = _zip(batch, outcomes) if zipped else (_line(outcome) for outcome in outcomes)
        response = Response(stream_with_context(body), mimetype=ZIP if zipped else NDJSON)
        response.call_on_close(stack.pop_all().close)  # all is sent, or nobody listens any more
    name = f"{batch.domain}.{'zip' if zipped else 'ndjson'}"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return public(response)


def _outcomes(batch: Batch) -> Iterator[Outcome]:
    end = monotonic() + WHOLE_S
    for begin in range(0, len(batch.recipes), STEP):
        few = batch.recipes[begin : begin + STEP]
        late = monotonic() > end
        made = [DeadlineExceeded(WHOLE_S)] * len(few) if late else _made(batch, few)
        for index, (recipe, outcome) in enumerate(zip(few, made, strict=True), begin):
            yield index, recipe, outcome


def _made(batch: Batch, few: Sequence[Recipe]) -> list[Media | DoesNotExistError]:
    """Made together if all is well, else one by one, to tell whose fault it is."""
    try:
        return [each.media for each in here.zoo().generate_many(few, batch.format, batch.size)]
    except DoesNotExistError as error:
        return [error] if len(few) == 1 else [_made(batch, [recipe])[0] for recipe in few]


def _told(outcome: Outcome) -> dict[str, Any]:
    """A line's data, without the bytes."""
    index, recipe, made = outcome
    told: dict[str, Any] = {"index": index, "seed": recipe.seed, "recipe": str(recipe)}
    if isinstance(made, DoesNotExistError):
        return told | {"error": problem(failure_of(made))}
    record = here.zoo().record(recipe, made.facts)
    return told | {"url": permalink(record["domain"], recipe), "record": record}


def _line(outcome: Outcome) -> bytes:
    told, made = _told(outcome), outcome[2]
    if isinstance(made, Media) and made.format != "json":
        told |= {"media_type": made.media_type, "data": base64.b64encode(made.data).decode()}
    return as_json(told) + b"\n"


def _zip(batch: Batch, outcomes: Iterator[Outcome]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:  # stored: media are small already
        lines = b""
        for outcome in outcomes:
            index, recipe, made = outcome
            told = _told(outcome)
            if isinstance(made, Media):
                name = f"{index:03}-{file_name(batch.domain, recipe.seed, made.format)}"
                archive.writestr(zipfile.ZipInfo(name), made.data)
                told |= {"file": name, "media_type": made.media_type}
            lines += as_json(told) + b"\n"
            yield sink.taken()
        archive.writestr(zipfile.ZipInfo("index.ndjson"), lines)
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that can only be written, and is emptied as it grows."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since this was asked for last."""
        held, self._held = bytes(self._held), bytearray()
        return held
