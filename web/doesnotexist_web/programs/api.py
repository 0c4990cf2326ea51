"""What programs ask for: pictures, records, lists. The same on every host of this site."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from doesnotexist import Generator
from doesnotexist.media import check_format

from .. import here
from ..answering.answers import deliver, json_answer
from ..asking.batches import read_counted
from ..asking.orders import read_order
from .streams import deliver_batch

api = Blueprint("api", __name__)


@api.get("/generate/<domain>")
def generate(domain: str) -> Response:
    """One sample: `/generate/faces?seed=7&psi=0.7&format=png&size=256`; without a seed a fresh one.

    With `count` so many, from that seed on, as lines of JSON or as a zip.
    """
    if "count" in request.args:
        return deliver_batch(read_counted(here.zoo(), domain, request.args))
    return deliver(read_order(here.zoo(), domain, request.args))


@api.get("/image")
@api.get("/image.<suffix>")
def image(suffix: str | None = None) -> Response:
    """The picture alone, as old clients ask for it; a query that means nothing is a cache buster."""
    generator = here.generator()
    format = check_format(suffix, generator.formats) if suffix else None
    return deliver(read_order(here.zoo(), generator.domain, request.args, format=format, strict=False))


@api.get("/models")
def models() -> Response:
    """Every model, or with `?domain=faces` those of one domain."""
    listed = here.zoo().models(request.args.get("domain"))
    rows = [{**model.card.model_dump(mode="json"), "status": model.status} for model in listed]
    return json_answer(rows)


@api.get("/domains")
def domains() -> Response:
    """Every domain: where it is, what it offers, and the schema of its parameters."""
    return json_answer([_row(generator) for generator in here.zoo().plugins.generators.values()])


def _row(generator: Generator) -> dict[str, Any]:
    zoo, domain = here.zoo(), generator.domain
    return {
        "domain": domain,
        "noun": generator.noun,
        "title": generator.title,
        "url": here.address(domain),
        "generate": url_for("api.generate", domain=domain),
        "formats": [*generator.formats, "json"],
        "models": [model.card.reference for model in zoo.models(domain)],
        "params": generator.params.model_json_schema(),
    }


@api.get("/healthz")
def health() -> Response:
    """Whether this process answers; asks nothing of the engine."""
    return json_answer({"status": "ok"})
