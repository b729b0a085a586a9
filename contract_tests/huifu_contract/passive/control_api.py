"""The server of passive mode: Huifu's paths, and beside them `/_contract/next` and `/_contract/claim`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Protocol

from aiohttp import web
from aiohttp.web_request import BaseRequest

from huifu_contract.outcome import VERDICTS, Outcome
from huifu_contract.passive.order_numbers import PREFIX, OrderSession
from huifu_contract.passive.rendezvous import Question
from huifu_mock import Server
from huifu_mock._language import Language
from huifu_mock.http.answers import language_of, problem
from huifu_mock.http.server import HttpServer
from huifu_mock.request import Endpoint, ReceivedBytes, read
from huifu_mock.schemas import Problem

READY_S = 30.0
_session: ContextVar[OrderSession | None] = ContextVar("session", default=None)


class Host(Protocol):
    """What the port asks of the run."""

    @property
    def agent(self) -> str: ...

    def session(self, number: str, data: Mapping[str, str], *, close: bool) -> OrderSession | None: ...

    def next(self, question: Question) -> dict[str, Any] | None: ...

    def leave(self, question: Question) -> None: ...

    def claim(self, outcome: Outcome, number: str | None) -> str: ...

    def touch(self) -> None: ...


class PassiveHttp(HttpServer):
    """`host` is set before it listens."""

    host_run: Host

    async def handle(self, request: BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if not path.startswith("/_contract"):
            return await super().handle(request)
        refused = self.control_api().refusal(request)
        if refused is not None:
            return refused
        self.host_run.touch()
        match (request.method, path):
            case ("GET", "/_contract/next"):
                return await self._next(request)
            case ("POST", "/_contract/claim"):
                return self._claim(await request.read(), language_of(request))
            case _:
                wanted = "there are GET /_contract/next?agent=NAME and POST /_contract/claim"
                missing = Problem("the path", f"there is nothing at {request.method} {path}", wanted)
                return problem(404, missing, language_of(request))

    async def _next(self, request: BaseRequest) -> web.Response:
        agent = request.rel_url.query.get("agent", "")
        if agent != self.host_run.agent:
            wanted = f"ask for {self.host_run.agent}"
            return problem(404, Problem("agent", f'nobody is called "{agent}" here', wanted), language_of(request))
        question = Question()
        try:
            rendezvous = await asyncio.get_running_loop().run_in_executor(None, self.host_run.next, question)
        except asyncio.CancelledError:
            self.host_run.leave(question)
            raise
        return web.Response(status=204) if rendezvous is None else _answer(200, rendezvous)

    def _claim(self, body: bytes, language: Language) -> web.Response:
        try:
            claim = json.loads(body)
            verdict, number = claim["outcome"], claim.get("org_req_seq_id")
        except (ValueError, KeyError, TypeError, AttributeError):
            verdict, number = None, None
        if verdict not in (*VERDICTS, "crashed"):
            wanted = (
                f'a claim is {{"outcome": one of {", ".join(VERDICTS)}}}, '
                "with org_req_seq_id for a number that begins with CASE~"
            )
            return problem(400, Problem("the body", "is no claim", wanted), language)
        wrong = self.host_run.claim(Outcome(verdict), number)
        if wrong:
            return problem(409, Problem("the claim", "cannot be taken now", wrong), language)
        return web.Response(status=204)

    async def _huifu(self, request: BaseRequest, endpoint: Endpoint, session: str) -> web.StreamResponse:
        self.host_run.touch()
        _session.set(None)  # one connection may carry several calls
        try:
            return await super()._huifu(request, endpoint, session)
        finally:
            self.host_run.touch()
            if (current := _session.get()) is not None:
                current.leave()

    async def prepared(self, endpoint: Endpoint, sent: ReceivedBytes) -> None:
        """Holds a call back until what its order number asks for is there."""
        call = read(endpoint, sent)
        number = call.value("org_req_seq_id")
        if sent.session or not number.startswith(PREFIX):
            return
        names = ("req_date", "req_seq_id", "huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id")
        data = {name: call.value(name) for name in names if call.value(name)}
        session = self.host_run.session(number, data, close=endpoint.path.endswith("/close"))
        if session is not None:
            session.enter()
            _session.set(session)
            await asyncio.get_running_loop().run_in_executor(None, session.ready.wait, READY_S)


class PassiveServer(Server):
    """A fake gateway that hands out work."""

    def __init__(self, run: Host, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port, orders=[])
        self._http = http = PassiveHttp(self.mock, host, port, None)
        http.host_run = run
        http.arriving = http.prepared


def _answer(status: int, body: Mapping[str, Any]) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="application/json", headers={"Server": "huifu-contract"})
