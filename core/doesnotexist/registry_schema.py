"""The JSON Schema of a registry file, for editors: `registry.schema.json` beside this module.

python -m doesnotexist.registry_schema > core/doesnotexist/registry.schema.json
"""

from __future__ import annotations

import json
from typing import Any

from .registry import RegistryFile


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of what `read_registry` takes; what it checks beyond that stands in `cards`."""
    made = RegistryFile.model_json_schema()
    licence = made["$defs"]["ModelCard"]["properties"]["licence"]
    # a name of one of the file's licences may stand for the licence itself
    named = {"type": "string", "description": "The name of one of the `licences` of this file."}
    made["$defs"]["ModelCard"]["properties"]["licence"] = {"anyOf": [licence, named]}
    # an editor cannot be told which key decides, but the three kinds exclude each other by their keys
    sources = made["$defs"]["WeightFile"]["properties"]["sources"]["items"]
    sources.pop("discriminator", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "doesnotexist registry",
        **made,
    }


def text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
