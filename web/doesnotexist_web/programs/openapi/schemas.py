"""The JSON of this site's answers, as JSON Schemas for its OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doesnotexist.recipe import MAX_SEED

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
SEED: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_SEED}


def _object(about: str, required: Mapping[str, Schema], **more: Schema) -> Schema:
    """An object that has what is required, may have `more`, and what a plugin adds."""
    return {
        "type": "object",
        "description": about,
        "required": list(required),
        "properties": {**required, **more},
    }


def listed(of: Schema) -> Schema:
    """A list of such."""
    return {"type": "array", "items": of}


def ref(name: str) -> Schema:
    """A reference to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


_LICENCE = _object(
    "Licences of the code, the weights and the training data.",
    {"code": TEXT, "weights": TEXT, "data": TEXT, "commercial": {"type": "boolean"}, "attribution": TEXT},
)
_RECORD = _object(
    "All that is known of a sample, with the facts that its generator adds.",
    {
        "domain": TEXT,
        "model": TEXT,
        "weights": {"type": "string", "description": "sha256 of the weights", "pattern": "^[0-9a-f]{64}$"},
        "seed": SEED,
        "params": {"type": "object"},
        "recipe": {"type": "string", "description": "all that is needed to make it again"},
        "credit": TEXT,
        "licence": _LICENCE,
        "exists": {"const": False},
        "statement": TEXT,
        "digital_source_type": {"type": "string", "format": "uri"},
        "generator": TEXT,
    },
)
_PROBLEM = _object(
    "What is wrong, as of RFC 9457.",
    {
        "type": {"const": "about:blank"},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "what was expected and what was found"},
        "request_id": {"type": "string", "description": "its name in the log"},
    },
    field={"type": "string", "description": "the parameter that is wrong, such as items[3].psi"},
    expected=TEXT,
    known={**listed(TEXT), "description": "the domains that there are"},
)
_LINE = _object(
    "One sample of a batch. One that could not be made has an error in place of url and record.",
    {"index": {"type": "integer", "minimum": 0}, "seed": SEED, "recipe": TEXT},
    url=TEXT,
    record=ref("Record"),
    media_type=TEXT,
    data={"type": "string", "contentEncoding": "base64", "description": "the bytes; not for format=json"},
    file={"type": "string", "description": "its name in the archive"},
    error=ref("Problem"),
)
_SERIES = _object(
    "Samples that belong together, in order.",
    {
        "kind": TEXT,
        "domain": TEXT,
        "samples": listed(
            _object("One of them.", {"seed": SEED, "params": {"type": "object"}, "recipe": TEXT, "url": TEXT})
        ),
    },
)
_MODEL = _object(
    "A model card, and whether its weights are here.",
    {
        "id": TEXT,
        "domain": TEXT,
        "title": TEXT,
        "architecture": TEXT,
        "licence": _LICENCE,
        "status": {"enum": ["bundled", "cached", "remote"]},
    },
)
_DOMAIN = _object(
    "A domain: where it is, what it offers, and the JSON Schema of its parameters.",
    {
        "domain": TEXT,
        "noun": TEXT,
        "title": TEXT,
        "url": {"type": "string", "format": "uri"},
        "generate": TEXT,
        "formats": listed(TEXT),
        "models": listed(TEXT),
        "params": {"type": "object"},
    },
)
_VERDICT: Schema = {"enum": ["valid", "unknown", "broken"]}
_REPORT = _object(
    "What was found in a file: broken if anything in it is, valid if something was shown to be true.",
    {
        "verdict": _VERDICT,
        "format": {"type": "string", "description": "empty if of no kind that is made here"},
        "digital_source_type": {"type": "string", "description": "as IPTC names them; empty if it says none"},
        "says": {"type": "object", "description": "its own words", "additionalProperties": TEXT},
        "findings": listed(_object("One thing.", {"what": TEXT, "verdict": _VERDICT, "told": TEXT})),
    },
)
_NEW = _object(
    "Where a fresh picture is, as clients of this-person-does-not-exist.com read it.",
    {
        "generated": {"const": "true"},
        "src": {"type": "string", "description": "its address, relative to this host"},
        "name": TEXT,
        "seed": SEED,
        "recipe": TEXT,
        "not_honoured": {**listed(TEXT), "description": "wishes that no generator here can fulfil"},
    },
)

SCHEMAS: Mapping[str, Schema] = {
    "Record": _RECORD,
    "Problem": _PROBLEM,
    "Line": _LINE,
    "Series": _SERIES,
    "Model": _MODEL,
    "Domain": _DOMAIN,
    "New": _NEW,
    "Report": _REPORT,
    "Health": _object("It answers.", {"status": {"const": "ok"}}),
}
