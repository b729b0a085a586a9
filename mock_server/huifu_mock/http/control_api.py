"""The control API and the console over HTTP: whom they serve, and how their answers go out.

No close needs any of this, so it is loaded with the first call of it, or soon after the start.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse

from huifu_mock.gateway.mock import Refused
from huifu_mock.http import page
from huifu_mock.http.address import ANY_ADDRESS, host_of, is_loopback
from huifu_mock.http.answers import control_answer, language_of, problem
from huifu_mock.http.bodies import Bodies, Unread
from huifu_mock.http.control import json_bodies, router
from huifu_mock.http.event_stream import EventStreams
from huifu_mock.http.worker import Worker
from huifu_mock.schemas import Problem
from huifu_mock.state.work import Unkept

if TYPE_CHECKING:
    from huifu_mock.http.server import HttpServer

ABOUT: Final = "/_mock/about"
PROBES: Final = ("/_mock/health", "/_mock/ready")


class ControlApi:
    """The control API of one server. `turn_away` refuses a call and keeps it in the journal."""

    def __init__(
        self,
        server: "HttpServer",
        token: str | None,
        bodies: Bodies,
        worker: Worker,
        turn_away: Callable[[BaseRequest, Unread], Response],
    ) -> None:
        self.streams: Final = EventStreams()
        self._server, self._token, self._bodies, self._worker = server, token, bodies, worker
        self._turn_away = turn_away

    async def handle(self, request: BaseRequest, path: str) -> StreamResponse | None:
        """Answer a call of the console or of the control API; `None` if it is neither."""
        if (asked := page.asked(path, request.headers.get("Accept", ""))) is not None:
            return await self._page(request, path, asked)
        if path == "/" and request.method == "GET":
            return await self._control(request, "/_mock")
        return None if path == "/" else await self._control(request, path)

    async def _page(self, request: BaseRequest, path: str, asked: page.Asked) -> Response:
        """A file of the console. It holds no secret, so no token is asked for: the page itself asks for it."""
        if (refused := self._stranger(request)) is not None:
            return refused
        if request.method not in ("GET", "HEAD"):
            wrong = Problem("the method", f"is {request.method}", "pages and their files take GET")
            refused = problem(405, wrong, language_of(request))
            refused.headers["Allow"] = "GET, HEAD"
            return refused
        known = asked.file == page.CONSOLE and self._unsigned(request) is None
        given = await self._first_answers(request) if known else {}
        if (found := page.answer(request, asked, given)) is not None:
            return found
        missing = Problem("the path", f"there is nothing at {path}", "the console is at /_mock/")
        return problem(404, missing, language_of(request))

    async def _first_answers(self, request: BaseRequest) -> dict[str, bytes]:
        """What the console would ask for at once: answers by their paths. It asks where one is missing."""
        mock, here = self._server.mock, self._here(request)
        about = await router.dispatch(mock, here, "GET", ABOUT, query={})
        if about.status != 200:
            return {}
        given = {ABOUT: await json_bodies.written(about.body)}
        tenant = request.rel_url.query.get("tenant") or about.body["default_tenant"] or ""
        path = f"/_mock/tenants/{quote(tenant, safe='', errors='replace')}/events"
        told = await router.dispatch(mock, here, "GET", path, query={"limit": str(page.LISTED)})
        if told.events is not None:
            with suppress(Refused, Unkept):
                given[f"{path}?limit={page.LISTED}"] = await self.streams.beginning(told.events)
        return given

    async def _control(self, request: BaseRequest, path: str) -> StreamResponse:
        if (refused := self.refusal(request)) is not None:
            return refused
        server = self._server
        query = dict(request.rel_url.query)
        here = self._here(request)
        place = self._bodies.place()
        try:
            body = await self._bodies.read(request, place) if request.can_read_body else router.MISSING
            told = await router.dispatch(
                server.mock,
                here,
                request.method,
                path,
                query=query,
                body=body,
                language=language_of(request),
                in_a_thread=self._worker.run,
            )
        except Unread as unread:
            return problem(unread.status or 400, unread.problem, language_of(request))
        finally:
            place.leave()
        if told.events is not None:
            return await self.streams.serve(request, told.events)
        return control_answer(told, b"" if told.body is None else await json_bodies.written(told.body))

    def _here(self, request: BaseRequest) -> str:
        """The address under which this server was called."""
        server = self._server
        return f"{request.scheme}://{request.host}" if server.host in ANY_ADDRESS else server.base_url

    def refusal(self, request: BaseRequest) -> Response | None:
        """What the control API answers whom it does not serve."""
        refused = self._stranger(request)
        return refused if refused is not None else self._unsigned(request)

    def _stranger(self, request: BaseRequest) -> Response | None:
        """Keep out web pages that reach this port through somebody's browser (DNS rebinding)."""
        origin = request.headers.get("Origin")
        if origin is not None and not self._is_ours(host_of(origin) or origin):
            wanted = "the control API is not for web pages of other sites"
            return problem(403, Problem("Origin", f"is {origin}", wanted), language_of(request))
        host = host_of(f"//{request.headers.get('Host', '')}")
        if not self._token and not self._is_ours(host):
            wanted = f"call it as 127.0.0.1 or localhost, as in {self._server.base_url}"
            return self._turn_away(request, Unread("host", 403, Problem("Host", f'is "{host}"', wanted)))
        return None

    def _unsigned(self, request: BaseRequest) -> Response | None:
        """Where a control token is set, keep out who does not send it; probes tell nothing that is worth keeping."""
        sent = request.headers.get("Authorization", "")
        if (
            not self._token
            or request.rel_url.raw_path in PROBES
            or secrets.compare_digest(sent.encode(errors="surrogateescape"), f"Bearer {self._token}".encode())
        ):
            return None
        wanted = "send Authorization: Bearer and the value of --control-token"
        missing = Problem("Authorization", "the control token is missing or wrong", wanted)
        refused = problem(401, missing, language_of(request))
        refused.headers["WWW-Authenticate"] = 'Bearer realm="huifu-mock"'
        return refused

    def _is_ours(self, host: str) -> bool:
        return is_loopback(host) or host == self._server.host
