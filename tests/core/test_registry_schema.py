"""The schema that editors read is that of the code."""

import json
from pathlib import Path

from doesnotexist import registry_schema
from doesnotexist.registry import find_registry


def test_the_published_schema_is_current() -> None:
    published = Path(registry_schema.__file__).with_name("registry.schema.json")

    assert published.read_text("utf-8") == registry_schema.text(), (
        "write it anew: python -m doesnotexist.registry_schema > core/doesnotexist/registry.schema.json"
    )


def test_a_licence_may_be_named() -> None:
    licence = registry_schema.schema()["$defs"]["ModelCard"]["properties"]["licence"]

    assert [one.get("type", one.get("$ref")) for one in licence["anyOf"]] == ["#/$defs/Licence", "string"]


def test_a_source_is_one_of_three_kinds() -> None:
    sources = registry_schema.schema()["$defs"]["WeightFile"]["properties"]["sources"]["items"]

    assert {one["$ref"].rpartition("/")[2] for one in sources["oneOf"]} == {"Bundled", "Hub", "Mirror"}
    assert "discriminator" not in json.dumps(sources)


def test_the_registry_names_its_schema() -> None:
    first, *_ = find_registry().read_text("utf-8").splitlines()

    assert first.endswith("$schema=core/doesnotexist/registry.schema.json")
