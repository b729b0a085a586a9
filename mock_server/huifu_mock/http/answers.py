"""Answers as they go over HTTP."""

import json
from collections.abc import Mapping
from typing import Final

from aiohttp.helpers import rfc822_formatted_time
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response

from huifu_mock._language import Language
from huifu_mock.gateway.gateway import Exchange
from huifu_mock.gateway.mock import Refused
from huifu_mock.http.control import route
from huifu_mock.http.control.route import ControlResponse
from huifu_mock.http.languages import negotiated
from huifu_mock.schemas import Problem

JSON: Final = "application/json;charset=UTF-8"


def headers_of(exchange: Exchange) -> dict[str, str]:
    """The headers of a reply: which call it answers, and why it was refused."""
    headers = {"Content-Type": JSON, "Server": "huifu-mock"}
    if exchange.entry.number:  # else it was not kept
        headers["Huifu-Mock-Call"] = exchange.entry.id
    if exchange.hint:
        headers["Huifu-Mock-Hint"] = exchange.hint
    return headers


def last_answer(answer: Response) -> bytes:
    """The last answer of a connection, as it goes over the wire."""
    assert isinstance(answer.body, bytes)
    return as_bytes(answer.body, {**answer.headers, "Connection": "close"}, f"{answer.status} {answer.reason}")


def as_bytes(body: bytes, headers: Mapping[str, str], status: str = "200 OK") -> bytes:
    """An answer as it goes over the wire."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    date = f"Content-Length: {len(body)}\r\nDate: {rfc822_formatted_time()}"
    return f"HTTP/1.1 {status}\r\n{lines}{date}\r\n\r\n".encode("latin-1") + body


def language_of(request: BaseRequest) -> Language:
    """The language that a request asks for."""
    return negotiated(",".join(request.headers.getall("Accept-Language", ())))


def problem(status: int, what: Problem, language: Language = "en") -> Response:
    """The answer to a call that is not served: a problem document (RFC 9457)."""
    told = route.problem(Refused(status, what), language)
    # what was sent may be quoted, and a path or header may hold bytes that are no characters
    return control_answer(told, json.dumps(told.body, ensure_ascii=False).encode(errors="replace"))


def control_answer(response: ControlResponse, body: bytes) -> Response:
    """An answer of the control API; `body` is the JSON of what it has to say."""
    headers = {"Server": "huifu-mock", "Content-Type": JSON, **response.headers}
    if response.body is None:
        del headers["Content-Type"]
        return Response(status=response.status, headers=headers)
    return Response(body=body, status=response.status, headers=headers)
