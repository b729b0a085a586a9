"""The OpenAPI document: sound, complete, and true: what the server answers to anything is what it says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from test_page import get
from test_schemas import validator
from wired import post

import huifu_mock
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.http.control import openapi
from huifu_mock.http.control.router import ROUTES

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DOCUMENT = openapi.document(ROUTES, "http://127.0.0.1:8080")
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


# --- sound and complete


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_the_document_that_is_served_names_its_server_and_is_the_one_tried_here(server: huifu_mock.Server) -> None:
    served = json.loads(get(server.base_url, "/_mock/openapi.json").body)
    assert served == openapi.document(ROUTES, server.base_url)
    assert served["servers"] == [{"url": server.base_url}]
    validator("control/openapi.json").validate(served)


def test_every_route_and_every_endpoint_is_in_it_once() -> None:
    listed = {(path, method.upper()) for path, method, _ in OPERATIONS}
    assert listed == {(route.template, route.method) for route in ROUTES} | {(path, "POST") for path in PATHS}
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names))


def test_an_endpoint_is_called_as_in_huifus_documents_and_in_english() -> None:
    close = DOCUMENT["paths"]["/v2/trade/payment/scanpay/close"]["post"]
    assert close["summary"] == "扫码交易关单 (close)"
    assert all("data" not in DOCUMENT["paths"][path]["post"]["summary"] for path in PATHS)


def test_whatever_is_described_is_sent_or_received_by_somebody() -> None:
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)))
    assert set(DOCUMENT["components"]["schemas"]) == used


def test_every_body_has_an_example_and_every_parameter_a_description() -> None:
    for path, method, operation in OPERATIONS:
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert media.get("examples"), (method, path)
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (method, path, parameter["name"])


def test_only_the_one_call_that_reads_a_tenant_and_those_that_make_or_change_it_answer_a_private_key() -> None:
    told = {
        (path, method)
        for path, method, operation in OPERATIONS
        if 'control.tenant"' in json.dumps(operation["responses"])
    }
    one = "/_mock/tenants/{sys_id}"
    assert told == {
        ("/_mock/tenants", "post"),
        (one, "get"),
        (one, "patch"),
        (f"{one}/reset", "post"),
        (f"{one}/fork", "post"),
    }


def bodies(operation: dict[str, Any]) -> list[Any]:
    """The example bodies of an operation; the first is what an importer such as Postman's fills in."""
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return [one["value"] for one in media.get("examples", {}).values()] or [None]


def filled(path: str, operation: dict[str, Any], **known: str) -> str:
    """The path with its examples in it."""
    given = {one["name"]: one["example"] for one in operation.get("parameters", []) if one["in"] == "path"}
    return path.format(**{**given, **known})


def test_huifus_endpoints_answer_their_examples_with_success_on_a_started_server_one_after_another() -> None:
    with huifu_mock.Server() as server:
        answers = {
            path: json.loads(post(server.base_url, json.dumps(bodies(one["post"])[0]).encode(), target=path).body)
            for path, one in DOCUMENT["paths"].items()
            if path in PATHS
        }
    told = {path: (answer["data"]["resp_code"], answer["data"].get("trans_stat")) for path, answer in answers.items()}
    assert {path: one for path, one in told.items() if one[0] not in ("00000000", "00000100")} == {}
    for name in ("close", "closequery"):
        assert told[f"/v2/trade/payment/scanpay/{name}"] == ("00000000", "S")


def test_the_control_api_does_what_each_of_its_examples_asks_of_a_tenant_with_one_thing_of_each_kind() -> None:
    calls = [
        (path, method, operation, body)
        for path, method, operation in OPERATIONS
        if path.startswith("/_mock") and not (method == "get" and path.endswith("/events"))  # which never ends
        for body in bodies(operation)
    ]
    made_by = ("/webhooks", "/faults", "/events/{event}")
    with huifu_mock.Server() as server:
        post(
            server.base_url,
            json.dumps(bodies(DOCUMENT["paths"]["/v2/trade/payment/scanpay/close"]["post"])[0]).encode(),
        )
        for path, method, operation, body in calls:
            if method == "post" and path.endswith(made_by):
                server.link.ask("POST", filled(path, operation), body)
        refused = {}
        for path, method, operation, body in calls:
            copy = server.default.fork()
            try:
                server.link.ask(method.upper(), filled(path, operation, sys_id=copy.sys_id), body)
            except huifu_mock.ControlError as error:
                refused[method, path, str(body)] = str(error)
    assert refused == {}


def test_whatever_is_named_in_a_path_has_an_example() -> None:
    for path, method, operation in OPERATIONS:
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                assert parameter["example"], (method, path, parameter["name"])


def test_a_path_that_is_called_by_a_wrong_method_says_which_it_takes(server: huifu_mock.Server) -> None:
    refused = get(server.base_url, "/_mock/tenants", "DELETE")
    assert (refused.status, refused.headers["allow"]) == (405, "POST, GET")


def test_the_page_with_the_documentation_is_served_with_all_that_it_loads(server: huifu_mock.Server) -> None:
    page = get(server.base_url, "/_mock/docs")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for line in page.body.decode().splitlines():
        for name in ("src=", "href="):
            if name in line:
                assert get(server.base_url, line.split(name + '"')[1].split('"')[0]).status == 200


# --- true


@pytest.fixture(scope="module")
def anvil() -> Iterator[huifu_mock.Server]:
    """A server for input that may change anything."""
    with huifu_mock.Server() as server:
        yield server


FUZZED = [
    (path, method)
    for path, method, _ in OPERATIONS
    if path != "/_mock/tenants/{sys_id}/events"  # it never ends; test_events.py reads it
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), FUZZED, ids=[f"{method} {path}" for path, method in FUZZED])
def test_whatever_is_sent_the_answer_is_one_that_the_document_tells(
    path: str, method: str, anvil: huifu_mock.Server
) -> None:
    operation = schemathesis.openapi.from_dict(DOCUMENT)[path][method]
    operation.schema.config.update(base_url=anvil.base_url)
    names: dict[str, str] = {}

    @seed(20260228)
    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), known=st.integers(0, 3))
    def fuzz(case: Any, known: int) -> None:
        if known and "sys_id" in (case.path_parameters or {}):
            if "sys_id" not in names:
                names["sys_id"] = anvil.tenant().sys_id
            case.path_parameters["sys_id"] = names["sys_id"]
            if method == "delete" and path.endswith("{sys_id}"):
                del names["sys_id"]
        if case.query and "wait" in case.query:
            case.query["wait"] = 0.001  # real seconds: nobody comes
        case.call_and_validate(base_url=anvil.base_url, checks=CHECKS, timeout=20)

    fuzz()
