"""The OpenAPI document, and whether every answer is as it says."""

from __future__ import annotations

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as told

from doesnotexist_web.app import create_app
from doesnotexist_web.programs.openapi import document

CHECKS = (
    not_a_server_error,
    told.status_code_conformance,
    told.content_type_conformance,
    told.response_headers_conformance,
    told.response_schema_conformance,
    told.unsupported_method,
)


@pytest.fixture
def described(wave_zoo):
    return document(wave_zoo, "waves", "http://waves.zoo.test/")


def test_it_is_valid(ask, described):
    for found in (described, json.loads(ask("zoo.test", "/openapi.json").data)):
        schemathesis.openapi.from_dict(found).validate()
        assert found["openapi"].startswith("3.1")


def test_parameters_are_those_that_the_generator_declares(described):
    shown = {each["name"]: each for each in described["paths"]["/generate/waves"]["get"]["parameters"]}

    assert list(shown)[:2] == ["seed", "model"]
    assert shown["psi"]["schema"] == {"type": "number", "minimum": -2, "maximum": 2, "default": 0.7}
    assert shown["relative"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100}
    assert shown["psi"]["description"] == "how far from the mean wave"


def test_a_plugin_that_comes_late_is_described(ask):
    paths = json.loads(ask("zoo.test", "/openapi.json").data)["paths"]

    assert {path for path in paths if path.startswith("/generate")} == {
        "/generate/blots",
        "/generate/polygons",
        "/generate/moods",
    }


def test_what_a_generator_cannot_do_is_not_described(ask):
    paths = json.loads(ask("polygons.zoo.test", "/openapi.json").data)["paths"]

    assert "/sheet.{format}" in paths
    assert "/strip.{format}" not in paths


@pytest.mark.parametrize("host", ["zoo.test", "blots.zoo.test"])
def test_a_file_can_be_looked_at_on_every_host(ask, host):
    described = json.loads(ask(host, "/openapi.json").data)["paths"]["/verify"]["post"]

    assert described["requestBody"]["content"].keys() == {"application/octet-stream", "multipart/form-data"}
    assert described["responses"].keys() == {"200", "400", "413", "429", "503"}


@pytest.mark.parametrize("examples", [6, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("domain", ["waves", ""])
def test_every_answer_is_as_it_says(wave_zoo, domain, mode, examples):
    host = f"{domain}.zoo.test".lstrip(".")
    schema = schemathesis.openapi.from_dict(document(wave_zoo, domain, f"http://{host}/"))
    schema.app = create_app(wave_zoo)
    for operation in (each.ok() for each in schema.get_all_operations()):
        # what takes nothing cannot be given anything wrong
        if mode is GenerationMode.POSITIVE or operation.query or operation.body:
            _ask(operation, mode, host, examples)


def _ask(operation, mode, host, examples):
    @given(operation.as_strategy(generation_mode=mode))
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def answered(case):
        case.call_and_validate(headers={"Host": host}, checks=list(CHECKS))

    answered()
