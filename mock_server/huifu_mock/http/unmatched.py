"""Calls that reach no endpoint: what they are told, and how the journal keeps them."""

import re
from dataclasses import dataclass, field
from typing import Final

from huifu_mock import explain
from huifu_mock.gateway.gateway import PATHS, Gateway
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.request import NO_ENDPOINT, ReceivedBytes, named
from huifu_mock.schemas import Problem
from huifu_mock.state.journal import Entry

KINDS: Final[dict[str, str]] = {
    "path": "no endpoint has that path",
    "method": "the endpoint takes POST",
    "size": "the body is too large",
    "body": "the chunks of the body cannot be read",
    "slow": "the headers or the body took too long to arrive",
    "gone": "the client left before its body was complete",
    "http": "what was sent is no HTTP",
    "tls": "a TLS hello came, and the port speaks plain HTTP",
    "host": "the control API was called by a host name that is not this server's",
    "connections": "too many connections are open",
    "elsewhere": "a host that is not Huifu's was called through the intercepting listener",
    "opening": "what came to the intercepting listener is no opening of HTTP, SOCKS5 or TLS",
    "certificate": "the client did not accept the intercepting listener's TLS",
}
"""Why a call reached no endpoint, by the id that the journal gives."""

LIKE: Final = 0.6
"""How much a path must resemble an endpoint's for that to be named; 1 is equal."""
COMPARED: Final = 300
"""So many characters of a path are compared."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A call that reached no endpoint."""

    kind: str
    status: int | None
    """`None` where nothing was answered."""
    problem: Problem
    sent: ReceivedBytes = field(default_factory=lambda: ReceivedBytes(b""))
    method: str = ""
    path: str = ""


def keep(gateway: Gateway, call: Unmatched, response: bytes | None = None) -> tuple[Tenant, Entry]:
    """Put it into the journal of the tenant that its body names, else into that of the default tenant."""
    tenant = gateway.of(named(call.sent.body))
    with tenant.work():
        tenant.clock.tick()
        entry = Entry(
            number=tenant.journal.next_number(),
            at=tenant.clock.now(),
            endpoint=NO_ENDPOINT,
            sent=call.sent.cut(),
            response=response,
            status=call.status,
            hint=explain.ascii_line(str(call.problem)),
            unmatched=call.kind,
            method=call.method,
            target=call.path,
        )
        tenant.journal.add(entry)
    return tenant, entry


def no_such_path(path: str) -> Problem:
    """What to tell a client that asked for a path which is not served."""
    like = nearest(path)
    wanted = f"did you mean {like}? " if like else ""
    return Problem("the path", f"there is nothing at {path}", f"{wanted}Huifu's paths here: {', '.join(PATHS)}")


def nearest(path: str) -> str:
    """The endpoint's path that was probably meant; empty if none is like it."""
    bare = re.sub("^/s/[^/]*", "", path[:COMPARED].partition("?")[0].lower()).rstrip("/")
    ends = [known for known in PATHS if bare.endswith(known)]
    if ends:
        return max(ends, key=len)
    import difflib  # few clients miss

    return next(iter(difflib.get_close_matches(bare, PATHS, n=1, cutoff=LIKE)), "")
