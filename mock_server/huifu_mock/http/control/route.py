"""What the calls of the control API share: request, response, and the row of the route table."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, Final, TypeVar

from huifu_mock._language import Language
from huifu_mock.gateway.mock import Mock, Refused
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http.languages import CONTENT_LANGUAGE
from huifu_mock.schemas import Problem, in_chinese


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """One call of the control API, without HTTP."""

    mock: Mock
    base_url: str
    path: dict[str, str]
    query: dict[str, str]
    body: Any

    @property
    def tenant(self) -> Tenant:
        """The tenant in the path, with everything done that has fallen due. Raises `Refused` with 404."""
        sys_id = self.path["sys_id"]
        tenant = self.mock.gateway.tenant(sys_id)
        if tenant is None:
            known = ", ".join(tenant.sys_id for tenant in self.mock.gateway) or "there is none at all"
            raise Refused(404, Problem("sys_id", f"there is no tenant {sys_id}", f"known tenants: {known}"))
        with tenant.work():
            tenant.clock.tick()
        return tenant

    def check_query(self, known: Mapping[str, Sequence[str]]) -> None:
        """Raises `Refused` with 422 for a query parameter whose value is none of the `known` ones."""
        for name, value in self.query.items():
            if name in known and value not in known[name]:
                wanted = f"it must be one of {', '.join(known[name])}"
                raise Refused(422, Problem(name, f'is "{value}"', wanted))

    def seconds(self, name: str = "wait") -> float:
        """A query parameter that is a number of seconds, 0 if it is not given. Raises `Refused` with 422."""
        text = self.query.get(name, "0")
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds <= 600:
            raise Refused(422, Problem(name, f'"{text}" is not a number of seconds', "it is 0 to 600"))
        return seconds

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A query parameter that is a whole number. Raises `Refused` with 422."""
        text = self.query.get(name, str(default))
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        if not least <= number <= most:
            wanted = f"it is {least} to {most}, and {default} if left out"
            raise Refused(422, Problem(name, f'"{text}" is not such a number', wanted))
        return number


def no_more(waiting: int, most: int, what: str) -> None:
    """Raises `Refused` with 429 where there are as many already as there may be."""
    if waiting >= most:
        raise Refused(
            429, Problem(what, f"{most:,} are there already", "that is the most; GET /_mock/about tells all bounds")
        )


@dataclass(frozen=True, slots=True)
class Subscription:
    """A stream of a tenant's events as the answer."""

    tenant: Tenant
    lists: Callable[[], Awaitable[bytes]] | None = None
    """An event that tells who does not resume what there is already. Raises `Refused`, `Unkept`."""


@dataclass(frozen=True, slots=True)
class ControlResponse:
    """What is answered: an HTTP status and a JSON value (`None` for no content)."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    events: Subscription | None = None
    """Events instead of a value; they come over HTTP only."""


class WrongMethod(Refused):
    """A path that is there, called by a method that it does not take."""

    def __init__(self, allowed: str, problem: Problem) -> None:
        super().__init__(405, problem)
        self.allowed = allowed


def problem(refused: Refused, language: Language = "en") -> ControlResponse:
    """An RFC 9457 problem document. What people read is in that language; the rest is the same in every one."""
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Language": CONTENT_LANGUAGE[language],
        "Vary": "Accept-Language",
    }
    if isinstance(refused, WrongMethod):
        headers["Allow"] = refused.allowed
    title, detail, told = HTTPStatus(refused.status).phrase, str(refused), refused.problems
    if language == "zh":
        title, detail = in_chinese(f"{refused.status} {title}"), refused.chinese
        told = tuple(one.in_chinese() for one in told)
    document = {
        "type": "about:blank",
        "title": title,
        "status": refused.status,
        "detail": detail,
        "errors": [{"field": one.field, "problem": one.problem, "expected": one.expected} for one in told],
    }
    return ControlResponse(refused.status, document, headers)


Handler = Callable[[ControlRequest], "ControlResponse | Awaitable[ControlResponse]"]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the control API."""

    method: str
    template: str
    handler: Handler
    says: str
    body: str | None = None
    """The schema of the body; `None` where there is none."""
    or_body: str | None = None
    """Another schema that the body may follow instead."""
    values: int = 100_000
    """About how many values the body may hold."""
    query: tuple[str, ...] = ()
    status: int = 200
    """The HTTP status of success."""
    answer: str | None = None
    """The schema of the answer; `None` where there is no content."""
    many: bool = False
    """Whether a list of bodies may be sent and answered as well."""
    conflicts: bool = False
    """Whether the state of things may refuse it, with 409."""
    replayed: bool = False
    """Whether who sends a tenant's calls again has to do this again too."""
    troubled: str | None = None
    """The schema of the answer with 503, where that is not a problem document."""

    def values_in(self, parts: list[str]) -> dict[str, str]:
        """What the parts of a path that fits the template have in place of its `{names}`."""
        return {name: parts[at] for at, name in _named(self.template)}


@cache
def _named(template: str) -> tuple[tuple[int, str], ...]:
    """At which place of a path each `{name}` of the template stands."""
    return tuple((at, part[1:-1]) for at, part in enumerate(template.split("/")) if part.startswith("{"))


Item = TypeVar("Item")

INLINE: Final[ContextVar[bool]] = ContextVar("inline", default=False)
"""Set while the caller sits in the event loop itself, so that it cannot wait for a thread."""


TURN: Final = 0.01
"""Seconds of the event loop that a long list may take at once."""


class Turns:
    """Turns for everybody else, given by who works on many things."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def give(self) -> None:
        """Let the others go on if the work has taken a while since they last could."""
        if time.perf_counter() - self._began > TURN and not INLINE.get():
            await asyncio.sleep(0)  # noqa: TID251 - lets the loop turn; no time passes
            self._began = time.perf_counter()


async def unhurried(items: Iterable[Item]) -> AsyncIterator[Item]:
    """The items, with a turn for everybody else whenever working on them has taken a while."""
    turns = Turns()
    for item in items:
        yield item
        await turns.give()


async def once_kept(mock: Mock) -> None:
    """Return when all that was done up to now is kept. Raises `Unkept`."""
    if mock.store.kept is None:
        return
    if INLINE.get():
        mock.store.flush()
    else:
        await mock.store.kept()


async def off_loop(work: Callable[[], Any]) -> Any:
    """Run something slow, such as making a key, without holding up the event loop."""
    if INLINE.get():
        return work()
    return await asyncio.get_running_loop().run_in_executor(None, work)
