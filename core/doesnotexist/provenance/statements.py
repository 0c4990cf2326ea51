"""What is said of a sample: that it is synthetic, how to make it again, what may be done with it.

A statement is names and plain text. It depends on the sample alone, never on the time or the machine, so
that the same recipe gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..recipe import Recipe, text_of

if TYPE_CHECKING:
    from ..cards import ModelCard

# IPTC's NewsCode for media made by a model that was trained on samples, as laws and libraries ask for it:
# https://cv.iptc.org/newscodes/digitalsourcetype/
SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

MAX_TEXT = 1000  # characters of one licence or credit in a mark: JPEG has 64 KB for all of them


@cache
def generator() -> str:
    """What makes and marks: `doesnotexist 0.1.0`."""
    try:
        return f"doesnotexist {version('doesnotexist')}"
    except PackageNotFoundError:
        return "doesnotexist"


def record_of(card: ModelCard, recipe: Recipe, facts: Mapping[str, Any]) -> dict[str, Any]:
    """All that is known of a sample, as JSON data; what it is goes before `facts`, a plugin's own."""
    return {
        **facts,
        "domain": card.domain,
        "model": card.id,
        "weights": card.digest,
        "seed": recipe.seed,
        "params": dict(recipe.params),
        "recipe": str(recipe),
        "credit": card.credit,
        "licence": card.licence.model_dump(),
        "exists": False,
        "statement": f"Synthetic: made by {card.id}, a trained model. What it shows does not exist.",
        "digital_source_type": SYNTHETIC,
        "generator": generator(),
    }


def statement_of(record: Mapping[str, Any], size: int | None = None, made: bytes = b"") -> dict[str, str]:
    """The statement for the mark of a file, from the record of its sample.

    A record of several samples, such as a sheet's, is that of the first and has their number as `samples`.
    `size` as the file was asked for; `made` the file before it is marked, of which the sha256 is kept: it
    tells a machine that makes the very same bytes from one that makes nearly the same.
    """
    licence = record["licence"]
    params = {name: text_of(value) for name, value in sorted(record["params"].items())}
    said = {
        "statement": record["statement"],
        "digitalSourceType": record["digital_source_type"],
        "recipe": record["recipe"],
        "model": record["model"],
        "weights": record["weights"],
        "seed": str(record["seed"]),
        "parameters": urlencode(params),
        "size": str(size or ""),
        "samples": str(record.get("samples", "")),
        "licenceCode": licence["code"],
        "licenceWeights": licence["weights"],
        "licenceData": licence["data"],
        "commercialUse": "allowed" if licence["commercial"] else "not allowed",
        "attribution": licence["attribution"],
        "credit": record["credit"],
        "generator": record["generator"],
        "madeSha256": hashlib.sha256(made).hexdigest() if made else "",
    }
    kept = {"recipe", "parameters"}  # whole or not at all
    return {name: text if name in kept else text[:MAX_TEXT] for name, text in said.items() if text}


def licences(statement: Mapping[str, str]) -> str:
    """The three licences as one line."""
    parts = (("Code", "licenceCode"), ("Weights", "licenceWeights"), ("Data", "licenceData"))
    return " · ".join(f"{what}: {statement[name]}" for what, name in parts if name in statement)
