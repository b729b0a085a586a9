"""The router of the control API: finds the route of a call, checks what was sent, answers."""

import json
import logging
from collections.abc import Awaitable
from typing import Any, Final
from urllib.parse import unquote

from huifu_mock._language import Language
from huifu_mock._nearest import COMPARED, did_you_mean
from huifu_mock.gateway.mock import Mock, Refused
from huifu_mock.http.control import (
    about,
    clock,
    events,
    faults,
    journal,
    json_bodies,
    openapi,
    orders,
    pushes,
    sign,
    tenants,
)
from huifu_mock.http.control.route import (
    INLINE,
    ControlRequest,
    ControlResponse,
    Route,
    WrongMethod,
    off_loop,
    once_kept,
    problem,
)
from huifu_mock.schemas import Problem
from huifu_mock.state.history import Act
from huifu_mock.state.work import Unkept, in_memory

log = logging.getLogger("huifu_mock.control")


def _openapi(request: ControlRequest) -> ControlResponse:
    return ControlResponse(200, openapi.document(ROUTES, request.base_url))


ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/_mock/openapi.json", _openapi, "this API as an OpenAPI 3.1 document", answer="control/openapi"),
    *about.ROUTES,
    *tenants.ROUTES,
    *orders.ROUTES,
    *clock.ROUTES,
    *events.ROUTES,
    *faults.ROUTES,
    *journal.ROUTES,
    *pushes.ROUTES,
    *sign.ROUTES,
    Route(
        "GET",
        "/_mock",
        lambda _: ControlResponse(200, {"items": listed()}),
        "what there is under /_mock",
        answer="control/paths",
    ),
)


def _by_parts() -> dict[tuple[int, ...], dict[tuple[str, ...], list[int]]]:
    """Where the routes are: by the length and the places of a template's fixed parts, then by these parts."""
    found: dict[tuple[int, ...], dict[tuple[str, ...], list[int]]] = {}
    for number, route in enumerate(ROUTES):
        parts = route.template.split("/")
        places = [at for at, part in enumerate(parts) if not part.startswith("{")]
        fixed = tuple(parts[at] for at in places)
        found.setdefault((len(parts), *places), {}).setdefault(fixed, []).append(number)
    return found


_PARTS: Final = _by_parts()


def listed() -> list[dict[str, Any]]:
    """Every path of the control API with its methods, and what each does."""
    found: dict[str, dict[str, str]] = {}
    for route in ROUTES:
        found.setdefault(route.template, {})[route.method] = route.says
    return [{"path": path, "methods": methods} for path, methods in sorted(found.items())]


MISSING: Final = object()
"""The body of a call that has none."""


async def dispatch(
    mock: Mock,
    base_url: str,
    method: str,
    path: str,
    *,
    query: dict[str, str],
    body: Any = MISSING,
    language: Language = "en",
    in_a_thread: json_bodies.Run = off_loop,
) -> ControlResponse:
    """Answer one call. `body` is bytes of JSON, or a JSON value, or `MISSING`.

    Errors are problem documents, in `language`.
    """
    try:
        route, values = _route(mock, method, path)
        _check_query(route, query)
        request = ControlRequest(mock, base_url, values, query, await _body(route, body, in_a_thread))
        if (ready := mock.store.ready) is not None and not INLINE.get():
            await ready(values.get("sys_id", ""))
        response = _handled(route, request, path)
        if isinstance(response, Refused):  # what it did up to there is kept before anybody is told
            answer = problem(response, language)
        else:
            answer = response if isinstance(response, ControlResponse) else await response
        await once_kept(mock)
        return answer
    except Refused as refused:
        return problem(refused, language)
    except Unkept as unkept:
        wanted = "nothing was done; GET /_mock/health tells when it is well again"
        said = Problem("the store", f"cannot keep anything: {unkept}", wanted)
        return problem(Refused(503, said), language)
    except Exception:
        log.exception("the control API failed inside")
        said = Problem("the server", "failed inside", "this is a bug of huifu-mock: see its log")
        return problem(Refused(500, said), language)


def _handled(
    route: Route, request: ControlRequest, path: str
) -> ControlResponse | Awaitable[ControlResponse] | Refused:
    """What the handler answers; all that it does to the tenant in the path is one unit of work."""
    sys_id = request.path.get("sys_id")
    tenant = request.mock.gateway.tenant(sys_id) if sys_id else None
    with in_memory() if tenant is None else tenant.work():
        try:
            return route.handler(request) if tenant is None or not route.replayed else _noted(route, request, path)
        except Refused as refused:
            return refused


def _noted(route: Route, request: ControlRequest, path: str) -> ControlResponse | Awaitable[ControlResponse]:
    """Do it in one moment of the tenant's time, and keep it for who does it again."""
    tenant = request.tenant
    at = tenant.clock.stand_still()
    try:
        response = route.handler(request)
    finally:
        tenant.clock.go_on()
    below = "".join(f"/{part}" for part in path.split("/", 4)[4:])
    body = "" if route.body is None else json.dumps(request.body, ensure_ascii=False)
    tenant.history.add(Act(at, route.method, below, request.query, body))
    return response


def _route(mock: Mock, method: str, path: str) -> tuple[Route, dict[str, str]]:
    parts = path.split("/")
    if "%" in path:
        parts = [unquote(part) for part in parts]
    matching = [(route, route.values_in(parts)) for route in _at(parts)]
    if not matching:
        wanted = _below_a_tenant(mock, parts) or f"{_did_you_mean(parts)}GET /_mock lists every path"
        raise Refused(404, Problem("the path", f"there is nothing at {path}", wanted))
    for route, values in matching:
        if route.method == method or (method == "HEAD" and route.method == "GET"):
            return route, values
    allowed = ", ".join(route.method for route, _ in matching)
    raise WrongMethod(allowed, Problem("the method", f"{method} is not for {path}", f"it takes {allowed}"))


def _at(parts: list[str]) -> list[Route]:
    """The routes whose template the parts of a path fit, in the order of the table."""
    numbers = [
        number
        for (length, *places), routes in _PARTS.items()
        if length == len(parts)
        for number in routes.get(tuple(parts[at] for at in places), ())
    ]
    return [ROUTES[number] for number in sorted(numbers)]


def _below_a_tenant(mock: Mock, parts: list[str]) -> str:
    """What is missing in a path that would be right below a tenant's; empty if it would not."""
    sys_id = next((tenant.sys_id for tenant in mock.gateway), "{sys_id}")
    whole = ["", "_mock", "tenants", sys_id, *parts[2:]]
    return f"it is a tenant's: {'/'.join(whole)}" if len(parts) > 2 and _at(whole) else ""


def _did_you_mean(parts: list[str]) -> str:
    """A question for the path that is like this one, with its own values in their places."""
    path = "/".join(parts)
    if len(path) > COMPARED:
        return ""
    known = [
        "/".join(mine if part.startswith("{") else part for part, mine in zip(template, parts, strict=True))
        for route in ROUTES
        if len(template := route.template.split("/")) == len(parts)
    ]
    return did_you_mean(path, known, 0.8)


def _check_query(route: Route, query: dict[str, str]) -> None:
    for name in query:
        if name not in route.query:
            wanted = f"known: {', '.join(route.query)}" if route.query else "there are none here"
            raise Refused(422, Problem(f"?{name}", "is not a parameter of this call", wanted))


async def _body(route: Route, body: Any, in_a_thread: json_bodies.Run) -> Any:
    if route.body is None:
        return None
    if body is MISSING or body == b"":
        return {}
    return await json_bodies.read(route, body, in_a_thread) if isinstance(body, bytes) else body
