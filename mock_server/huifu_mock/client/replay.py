"""Sends the journal of a capsule again to a fresh tenant, and finds the first reply that is not the same bytes.

Everything happens in this process, without sockets: time is the tenant's, so that an hour between two calls, a slow
wire or a client that hung up cost nothing.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from huifu_mock.client.transport import run_here
from huifu_mock.faults import NO_FAULTS
from huifu_mock.faults.wire import ClientConnection
from huifu_mock.gateway.create import ENDPOINTS as CREATE
from huifu_mock.gateway.gateway import Exchange
from huifu_mock.gateway.mock import Mock, Refused, keep_orders
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http import faulty
from huifu_mock.http.control import router
from huifu_mock.keys import PUBLISHED_BITS
from huifu_mock.request import CLOSE, ReceivedBytes, named
from huifu_mock.state.history import MOST, Act
from huifu_mock.state.journal import WELL, Entry, Room
from huifu_mock.state.orders import HfSeqIds
from huifu_mock.store import capsule

NUMBERED: Final = (CLOSE, *CREATE)
"""The endpoints whose replies may hold a number that Huifu gives."""
SLOW: Final = frozenset({"delay", "drip"})
"""The faults during which a client may hang up."""
_SIGN: Final = re.compile(rb',"sign":"[^"]*"')


class CannotReplay(ValueError):
    """The capsule does not tell enough. The message says what is missing, and what would be right."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A call whose reply is another than it was."""

    call: Entry
    then: bytes | None
    now: bytes | None
    """`None` where nothing was answered."""
    status: tuple[int | None, int | None]
    members: list[tuple[str, Any, Any]]
    """Of two replies that are JSON: what differs, as it was and as it is; `None` where it is missing."""


@dataclass(slots=True)
class Replayed:
    """What came of it."""

    sys_id: str
    same: int = 0
    """How many replies were the same bytes, up to the first that was not."""
    skipped: dict[str, str] = field(default_factory=dict)
    """The calls that were not sent again, and why."""
    difference: Difference | None = None
    stopped: str = ""
    """Why it did not come to the end, where nothing differs."""
    signatures: bool = True
    """Whether the replies could be signed with the key of that time."""


def replay(saved: Any) -> Replayed:
    """Raises `Refused` for what is no capsule."""
    everything = Room(sys.maxsize, sys.maxsize, sys.maxsize)
    mock = Mock([], room=everything)
    mock.drop(mock.gateway.default)
    origin = capsule.load(mock, saved)
    entries = list(origin.journal)
    told = Replayed(origin.sys_id)
    told.signatures = origin.huifu_key.key_size == PUBLISHED_BITS or bool(
        saved.get("keys", {}).get("huifu_private_key")
    )
    try:
        _complete(origin, entries)
        again = _Again(mock, origin, entries)
        for entry in entries:
            if why := _not_sent(entry):
                told.skipped[entry.id] = why
                continue
            again.prepare(entry)
            now = again.send(entry)
            if (found := _difference(entry, now, signatures=told.signatures)) is not None:
                told.difference = found
                break
            told.same += 1
    except CannotReplay as error:
        told.stopped = str(error)
    return told


def _complete(origin: Tenant, entries: Sequence[Entry]) -> None:
    """Raises `CannotReplay` where the journal does not begin with the tenant's first call."""
    first, count = origin.journal.since + 1, origin.journal.received - origin.journal.since
    if len(entries) < count:
        begins = f"begins with {entries[0].id}" if entries else "is empty"
        raise CannotReplay(
            f"the journal {begins}, and the tenant's first call was call-{first}: {count - len(entries):,} calls that "
            "made the tenant what it was are gone. Save the capsule before they are dropped or deleted, or keep more "
            "of them: huifu-mock serve --keep-journal"
        )


def _not_sent(entry: Entry) -> str:
    """Why a call is not sent again; empty for one that is."""
    if entry.unmatched:
        return "it reached no endpoint"
    if entry.sent.whole is None:
        return ""
    if entry.resp_code in WELL:
        raise CannotReplay(f"of the body of {entry.id} only the beginning is kept, and the call was carried out")
    return "only the beginning of its body is kept"


class _Again:
    """A fresh tenant, to which everything is done again that was done to the one of the capsule."""

    def __init__(self, mock: Mock, origin: Tenant, entries: Sequence[Entry]) -> None:
        self._mock, self._first = mock, entries[0] if entries else None
        self._tenant = tenant = mock.empty_tenant(
            mock.gateway.default,  # it gets the calls that name nobody, too
            origin.made_with,
            merchant_public_key=origin.merchant_public_key,
            merchant_private_key=origin.merchant_private_key,
            huifu_key=origin.huifu_key,
        )
        acts = [act for entry in entries for act in entry.before]
        prepared = sum(map(_faults_prepared, (*acts, *origin.history.waiting())))
        tenant.made_with = origin.made_with
        tenant.faults.numbers = origin.faults.numbers - prepared
        tenant.journal.since = tenant.journal.received = origin.journal.since
        if entries:
            first = entries[0].before[0].at if entries[0].before else entries[0].at
            tenant.clock.begin(first, "frozen")
        self._names: Final = {named(entry.sent.body) for entry in entries if _was_known(entry)}
        """The `sys_id`s that it was called by: a copy has the calls of the one that it was made from."""
        mock.take_in(tenant)

    def prepare(self, entry: Entry) -> None:
        """Do what was done before a call. Raises `CannotReplay`."""
        for act in entry.before:
            self._do(entry, act)
        clock, tenant = self._tenant.clock, self._tenant
        if entry.at >= clock.now():
            clock.set(entry.at)
        elif tenant.journal.untouched:  # until then a test may move it back
            clock.begin(entry.at)
        if (number := _number_given(entry)) is not None:
            tenant.hf_seq_ids.issued = number

    def _do(self, entry: Entry, act: Act) -> None:
        tenant = self._tenant
        if not act.is_known:
            raise CannotReplay(
                f"what a test did before {entry.id} is not known: it was more than {MOST:,} orders or other things, or "
                "the server was started anew in between, or an earlier version made the capsule"
            )
        if act.path == "" and "merchant_public_key" in act.body and entry is not self._first:
            raise CannotReplay(f"before {entry.id} the merchant's key was changed, and the one before is not kept")
        if act.at > tenant.clock.now():
            tenant.clock.set(act.at)
        try:
            if act.orders:
                keep_orders(tenant, list(act.orders))
                given = [number for order in act.orders if (number := HfSeqIds.number(order.hf_seq_id)) is not None]
                tenant.hf_seq_ids.issued = max((tenant.hf_seq_ids.issued, *(number + 1 for number in given)))
                return
            body = json.loads(act.body) if act.body else router.MISSING
            path = f"/_mock/tenants/{tenant.sys_id}{act.path}"
            answer = run_here(router.dispatch(self._mock, "", act.method, path, query=act.query, body=body))
            refused = answer.body["detail"] if answer.status >= 300 else ""
        except Refused as error:
            refused = str(error)
        if refused:
            done = f"{act.method} …{act.path}" if act.method else "orders"
            raise CannotReplay(f"{done} before {entry.id} was accepted then and is refused now: {refused}")

    def send(self, entry: Entry) -> Entry:
        """Send a call again; the entry that it makes."""
        sent, body = entry.sent, entry.sent.body
        own = self._tenant.sys_id
        if (name := named(body)) in self._names and name != own:
            body = body.replace(f'"{name}"'.encode(), f'"{own}"'.encode(), 1)
        received = ReceivedBytes(body, sent.headers, sent.session, sent.peer)
        exchange = self._mock.gateway.receive(entry.endpoint, received)
        if exchange.active_faults is NO_FAULTS:
            exchange.replied()
        else:
            run_here(_spoilt(exchange))
        return exchange.entry


def _faults_prepared(act: Act) -> int:
    """How many faults were prepared by something that a test did."""
    if (act.method, act.path) != ("POST", "/faults"):
        return 0
    body = json.loads(act.body)
    return len(body) if isinstance(body, list) else 1


class _HungUp(Exception):
    """Nothing more is sent until the client hangs up, and here it does so at once."""


class _NoWire(ClientConnection):
    """A connection on which no time passes. What is sent becomes the journal entry's response."""

    def __init__(self, exchange: Exchange) -> None:
        self._entry, self._status = exchange.entry, exchange.status

    async def interim(self, status: int) -> None:
        pass

    async def head(
        self,
        length: int | None,  # noqa: ARG002 # no headers are kept
        status: int | None = None,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002 # as above
        named: Callable[[str], str] = str,  # noqa: ARG002 # as above
    ) -> None:
        self._entry.response = b""
        self._entry.status = status or self._status

    async def write(self, part: bytes, shown: bytes | None = None) -> None:
        self._entry.add_response(part if shown is None else shown)

    async def wait(self, seconds: float) -> None:
        pass

    async def hang(self) -> None:
        raise _HungUp

    def close(self) -> None:
        pass

    def reset(self) -> None:
        pass


async def _spoilt(exchange: Exchange) -> None:
    try:
        await faulty.spoil(_NoWire(exchange), exchange)
    except _HungUp:
        return


def _was_known(entry: Entry) -> bool:
    """Whether the call named the tenant by its `sys_id`, and not one that nobody has."""
    return entry.signature_ok is True and (entry.facts is None or entry.facts.rule.row != "2")


def _number_given(entry: Entry) -> int | None:
    """How many numbers Huifu had given before the call, from the number in its reply."""
    if entry.endpoint not in NUMBERED:
        return None
    data = _parsed(_reply(entry)).get("data")
    number = data.get("hf_seq_id") if isinstance(data, dict) else None
    return HfSeqIds.number(number) if isinstance(number, str) else None


# --- comparing


def _difference(then: Entry, now: Entry, *, signatures: bool) -> Difference | None:
    """How the reply differs; `None` if it does not."""
    status = then.status, now.status
    if then.reply is not None and now.reply is not None and then.response is now.response is None:
        same = then.reply.data == now.reply.data  # the same key signs both, and signs the same text alike
        return None if same and status[0] == status[1] else _told(then, then.sent_back(), now.sent_back(), status)
    texts = [one.sent_back() for one in (then, now)]
    if not signatures or (then.facts is None and "sign-foreign" in then.faults and now.reply is None):
        texts = [text and _SIGN.sub(b"", text) for text in texts]
    before, after = texts
    left = SLOW.intersection(then.faults) and (before is None or (after or b"").startswith(before))
    if left or (before == after and status[0] == status[1]):
        return None
    return _told(then, before, after, status)


def _told(call: Entry, then: bytes | None, now: bytes | None, status: tuple[int | None, int | None]) -> Difference:
    before, after = dict(_members(_parsed(then))), dict(_members(_parsed(now)))
    members = [
        (name, before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name) and name != "sign"
    ]
    return Difference(call, then, now, status, members)


def _reply(entry: Entry) -> bytes | None:
    """The reply with its `data`; not signed for this."""
    return entry.response if entry.reply is None else b'{"data":%b}' % entry.reply.data


def _parsed(text: bytes | None) -> dict[str, Any]:
    try:
        value = json.loads(text or b"null")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _members(reply: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in reply.items():
        if name == "data" and isinstance(value, dict):
            yield from value.items()
        else:
            yield name, value
