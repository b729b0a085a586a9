"""The OpenAPI 3.1 document: Huifu's endpoints and the control API, from the schemas and the table of routes."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final
from urllib.parse import urldefrag, urljoin

from huifu_mock import _data, signing
from huifu_mock._version import VERSION
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.gateway.tenant import DEFAULT_PRODUCT_ID, DEFAULT_SYS_ID
from huifu_mock.http.control.parameters import PARAMETERS, in_path
from huifu_mock.http.control.route import Route
from huifu_mock.keys import published
from huifu_mock.request import Endpoint

Json = dict[str, Any]
BASE: Final = "https://huifu-mock.invalid/schemas/"
PROBLEM: Final = "control/problem"
REFUSALS: Final = {
    400: "the body cannot be read",
    401: "the control token is missing or wrong",
    403: "the call comes from a page of another site, or by a name that is not this server's",
    404: "there is no such thing",
    408: "the body took too long to arrive",
    409: "the state of things no longer allows it, or a number is taken or ambiguous",
    413: "the body is too large",
    422: "a parameter or a member of the body is wrong; `errors` says which, and what would be right",
    503: "the store cannot keep anything now; nothing was done",
}
TAGS: Final = {
    "Huifu": "Huifu's own paths: signed requests, signed answers. Each may be prefixed by `/s/{token}`, which "
    "the journal keeps as `session`.",
    "server": "What this server is.",
    "tenants": "Merchants, isolated from each other: ids, keys, orders, clock, faults, journal.",
    "orders": "Payment orders: seed, read, pay, fail, expire.",
    "clock": "The tenant's time.",
    "faults": "Failures and answers that are prepared for certain calls.",
    "journal": "The received calls, and why each was answered so.",
    "webhooks": "Where webhooks go.",
    "deliveries": "What was pushed, each try, and sending once more.",
    "events": "What happens, live; and events on demand.",
    "sign": "Signed requests for tools that have no RSA.",
}

PUSHES: Final = {
    "trans.close": ("webhook/trans.close", "application/json", "any 2xx acknowledges it"),
    "notify": ("notify/form", "application/x-www-form-urlencoded", "`RECV_ORD_ID_` and the `req_seq_id`, nothing else"),
}
"""What a merchant's own server receives: the schema, the media type, and how it is acknowledged."""


def document(routes: Iterable[Route], base_url: str) -> Json:
    """The whole document. `base_url` is where it is served."""
    paths: Json = {path: {"post": _huifu(endpoint)} for path, endpoint in PATHS.items()}
    for route in routes:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "huifu-mock",
            "version": VERSION,
            "summary": "A fake Huifu Dougong payment gateway for local development and CI",
            "description": "Huifu's endpoints answer as the specification says; the control API below `/_mock` "
            "sets the state and tells what happened. Errors of the control API are problem documents (RFC 9457), in "
            "Chinese where `Accept-Language` prefers it, else in English; `Content-Language` tells which.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url or "/"}],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "paths": paths,
        "webhooks": {name: {"post": _push(name, *row)} for name, row in PUSHES.items()},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "controlToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "the value of --control-token; without that option none is needed",
                }
            },
        },
    }


def _operation(route: Route) -> Json:
    names = list(in_path(route.template))
    operation: Json = {
        "operationId": f"{route.method.lower()}{''.join('_' + part for part in _parts(route.template))}",
        "summary": route.says,
        "tags": [_tag(route.template)],
        "security": [{}, {"controlToken": []}],
        "parameters": [
            *({"name": name, "in": "path", "required": True, **_parameter(route, name)} for name in names),
            *({"name": name, "in": "query", **_parameter(route, name)} for name in route.query),
        ],
        "responses": {str(route.status): _answer(route)},
    }
    if route.body is not None:
        operation["requestBody"] = _body(route)
    for status in _refusals(route):
        operation["responses"][str(status)] = {
            "description": REFUSALS[status],
            "content": {"application/problem+json": {"schema": _ref(PROBLEM)}},
        }
    if route.troubled is not None:
        operation["responses"]["503"] = {
            "description": "something is wrong: what",
            "content": {"application/json": {"schema": _ref(route.troubled)}},
        }
    return operation


def _parameter(route: Route, name: str) -> Json:
    """What is to be said of a parameter; the same name may mean something else in another list."""
    return PARAMETERS.get(f"{_tag(route.template)}.{name}") or PARAMETERS[name]


def _answer(route: Route) -> Json:
    told: Json = {"description": "done" if route.answer is None else "as asked"}
    if route.answer is not None:
        media = "text/event-stream" if route.answer == "control/events" else "application/json"
        wanted = _ref(route.answer)
        if route.many:
            wanted = {"anyOf": [wanted, {"type": "array", "items": wanted}]}
        told["content"] = {media: {"schema": wanted}}
    return told


def _body(route: Route) -> Json:
    assert route.body is not None
    one = _ref(route.body)
    wanted = {"anyOf": [one, {"type": "array", "items": one}]} if route.many else one
    if route.or_body is not None:
        wanted = {"anyOf": [one, _ref(route.or_body)]}
    content: Json = {"schema": wanted}
    if examples := _schema(route.body).get("examples"):
        content["examples"] = {f"example-{n}": {"value": value} for n, value in enumerate(examples, 1)}
    return {"required": bool(_schema(route.body).get("required")), "content": {"application/json": content}}


def _refusals(route: Route) -> Iterator[int]:
    """The statuses with which a call of a route may be refused."""
    yield from (401, 403)
    if "{" in route.template:
        yield 404
    if route.conflicts:
        yield 409
    if route.body is not None:
        yield from (400, 408, 413)
    yield 422
    if "{sys_id}" in route.template or route.method != "GET":
        yield 503


def _huifu(endpoint: Endpoint) -> Json:
    data = _schema(endpoint.request)
    example = data["examples"][-1]  # of an order that a started server has
    if endpoint.name == "create":  # … or of a new one, whose number no other example has
        _, version, *_, last = endpoint.path.split("/")
        example = {**example, "req_seq_id": f"my-first-{last}-{version}"}
    signed = json.loads(signing.envelope(DEFAULT_SYS_ID, DEFAULT_PRODUCT_ID, example, published("merchant")))
    request = {"allOf": [_ref("envelope/request"), {"properties": {"data": _ref(endpoint.request)}}]}
    answer = {"allOf": [_ref("envelope/response"), {"properties": {"data": _ref(endpoint.response)}}]}
    refused = {"application/problem+json": {"schema": _ref(PROBLEM)}}
    return {
        "operationId": "huifu" + endpoint.path.replace("/", "_"),
        "summary": data["title"].replace("：业务请求参数", "").replace(": request data", ""),
        "description": "Refusals are HTTP 200 and signed too; `resp_code` says which. A tenant with `bad_signature` "
        "`http-922` answers a bad signature with the gateway's own status 922, unsigned. Prepared faults may answer "
        "anything.",
        "tags": ["Huifu"],
        "security": [],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": request,
                    "examples": {"signed": {"summary": "signed with the published test key", "value": signed}},
                }
            },
        },
        "responses": {
            "200": {"description": "the signed answer", "content": {"application/json": {"schema": answer}}},
            **{str(status): {"description": REFUSALS[status], "content": refused} for status in (400, 408, 413)},
        },
    }


def _push(name: str, file: str, media: str, acknowledged: str) -> Json:
    pushed = _schema(file)
    return {
        "operationId": f"push_{name.replace('.', '_')}",
        "summary": pushed["title"],
        "description": pushed["description"],
        "tags": ["webhooks"],
        "security": [],
        "requestBody": {"required": True, "content": {media: {"schema": _ref(file)}}},
        "responses": {"200": {"description": acknowledged}},
    }


def _tag(template: str) -> str:
    parts = template.split("/")
    if parts[2:3] != ["tenants"]:
        return "server"
    return parts[4] if len(parts) > 4 and parts[4] in TAGS else "tenants"


def _parts(template: str) -> list[str]:
    return [part.strip("{}").replace(".", "_") for part in template.split("/")[2:]]


# --- the schemas, as components


def _name(file: str) -> str:
    return file.replace("/", ".")


def _ref(file: str) -> Json:
    return {"$ref": f"#/components/schemas/{_name(file)}"}


@cache
def _schema(file: str) -> Json:
    found: Json = _data.read_json(f"schemas/{file}.json")
    return found


@cache
def _schemas() -> Json:
    """Every schema of the folder that a request or an answer is made of, with its definitions beside it."""
    found: Json = {}
    root = _data.path("schemas")
    for path in (root / "common.json", *sorted(root.glob("*/*.json"))):
        file = path.relative_to(root).with_suffix("").as_posix()
        if file.startswith("adapter/"):
            continue
        if file != "common":
            found[_name(file)] = _component(file, _schema(file))
        for name, part in _schema(file).get("$defs", {}).items():
            found[f"{_name(file)}.{name}"] = _component(file, part)
    return found


def _component(file: str, part: Any) -> Any:
    """A part of a schema with its references turned to components."""
    if isinstance(part, list):
        return [_component(file, inner) for inner in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _reference(file, value) if name == "$ref" and isinstance(value, str) else _component(file, value)
        for name, value in part.items()
        if name not in ("$schema", "$id", "$defs")
    }


def _reference(file: str, reference: str) -> str:
    url, pointer = urldefrag(urljoin(f"{BASE}{file}.json", reference))
    named = _name(url.removeprefix(BASE).removesuffix(".json"))
    inner = pointer.removeprefix("/$defs/")
    return f"#/components/schemas/{named}.{inner}" if inner else f"#/components/schemas/{named}"
