"""Orders, closes, calls and deliveries as JSON values, and back. A capsule and a database hold the same ones.

A record says everything of its subject in plain JSON: times in ISO 8601, bytes as text where they are UTF-8. What
code knows by name (rules, reasons, endpoints) is written by that name.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from huifu_mock.codes import Answer, Reason, Wording
from huifu_mock.gateway import close, closequery, create, query
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.push import acknowledgement
from huifu_mock.push.delivery import Attempt, Delivery
from huifu_mock.push.message import Message
from huifu_mock.push.signatures import NotifyBody
from huifu_mock.request import NO_ENDPOINT, ReceivedBytes
from huifu_mock.rules import RULES, Case, Rule
from huifu_mock.signing import Reply
from huifu_mock.state.history import Act
from huifu_mock.state.journal import Entry, Facts, Finding, Nearest
from huifu_mock.state.orders import CloseAttempt, Order

Record = dict[str, Any]

SHA256: Final = "sha256:"

RULE: Final[dict[str, Rule]] = {
    rule.row: rule
    for rule in (
        *RULES,
        close.LOST,
        create.TAKEN_NUMBER,
        create.PAST_EXPIRY,
        query.NO_DATE,
        query.NO_ORDER,
        closequery.NO_CLOSE,
    )
}
"""Every rule that may have refused a call, by its row."""


# --- small things


def moment(text: str | None) -> datetime | None:
    """A time, or none."""
    return None if text is None else datetime.fromisoformat(text)


def when(text: str) -> datetime:
    """A time that is there."""
    return datetime.fromisoformat(text)


def written(time: datetime | None) -> str | None:
    """A time as text, or none."""
    return None if time is None else time.isoformat()


def _bytes(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _of_bytes(value: str | dict[str, str]) -> bytes:
    return value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])


def _reply(text: str | None, key: RSAPrivateKey) -> Reply | None:
    return None if text is None else Reply.restored(text.encode(), key)


# --- orders and closes

_TIMES: Final = ("created_at", "expires_at", "finished_at")
_ORDER: Final = tuple(one.name for one in fields(Order))


def order(made: Order) -> Record:
    """An order."""
    record = {name: getattr(made, name) for name in _ORDER}
    for name in _TIMES:
        record[name] = written(record[name])
    record["closes"] = [list(key) for key in made.closes]
    record["planned"] = [{"at": at.isoformat(), "trans_stat": stat} for at, stat in made.planned]
    return record


def to_order(record: Record) -> Order:
    """The order of a record."""
    return Order(**record | {
        "created_at": when(record["created_at"]),
        "expires_at": moment(record["expires_at"]),
        "finished_at": moment(record["finished_at"]),
        "closes": tuple([(key[0], key[1], key[2]) for key in record["closes"]]),
        "planned": tuple([(when(one["at"]), one["trans_stat"]) for one in record["planned"]]),
    })  # fmt: skip


def _answer(answer: Answer) -> Record:
    reason, wording = answer.reason, answer.wording
    return {
        "reason": reason.name if reason else None,
        "resp_code": wording.resp_code,
        "resp_desc": wording.resp_desc,
        "trans_stat": wording.trans_stat,
    }


def _to_answer(record: Record) -> Answer:
    reason = Reason[record["reason"]] if record["reason"] else None
    return Answer(reason, Wording(record["resp_code"], record["resp_desc"], record["trans_stat"]))


def attempt(made: CloseAttempt) -> Record:
    """A close that passed every rule, with its reply."""
    return {
        "huifu_id": made.huifu_id,
        "req_date": made.req_date,
        "req_seq_id": made.req_seq_id,
        "text": f"{SHA256}{made.digest.hex()}",
        "order": list(made.order),
        "stat": made.stat,
        "at": made.at.isoformat(),
        "due": written(made.due),
        "answer": _answer(made.answer),
        "reply": made.reply.data.decode(),
    }


def _digest(text: str) -> bytes:
    """Of the text of a close's `data`; earlier versions kept the text itself."""
    return (
        bytes.fromhex(text.removeprefix(SHA256)) if text.startswith(SHA256) else hashlib.sha256(text.encode()).digest()
    )


def to_attempt(record: Record, key: RSAPrivateKey) -> CloseAttempt:
    """The close of a record; `key` is the one that its reply is signed with."""
    huifu_id, req_date, req_seq_id = record["order"]
    return CloseAttempt(
        (record["huifu_id"], record["req_date"], record["req_seq_id"]),
        _digest(record["text"]),
        (huifu_id, req_date, req_seq_id),
        record["stat"],
        when(record["at"]),
        _to_answer(record["answer"]),
        Reply.restored(record["reply"].encode(), key),
        moment(record["due"]),
    )


# --- calls


def call(entry: Entry) -> Record:
    """A received call with its answer."""
    sent = entry.sent
    host, port = sent.peer or (None, None)
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "method": entry.method,
        "path": entry.endpoint.path,
        "target": entry.target,
        "headers": sent.headers.decode("latin-1"),
        "body": _bytes(sent.body),
        "session": sent.session,
        "peer_host": host,
        "peer_port": port,
        "whole": list(sent.whole) if sent.whole else None,
        "signature_ok": entry.signature_ok,
        "reason": entry.reason.name if entry.reason else None,
        "resp_code": entry.resp_code,
        "reply": entry.reply.data.decode() if entry.reply else None,
        "response": None if entry.response is None else _bytes(entry.response),
        "status": entry.status,
        "duration": entry.duration,
        "req_seq_id": entry.req_seq_id,
        "org_req_seq_id": entry.org_req_seq_id,
        "facts": _facts(entry.facts) if entry.facts else None,
        "finding": asdict(entry.finding) if entry.finding else None,
        "faults": list(entry.faults),
        "replay": entry.replay,
        "hint": entry.hint,
        "unmatched": entry.unmatched,
        **({"before": [act(one) for one in entry.before]} if entry.before else {}),
    }


def to_call(record: Record, key: RSAPrivateKey) -> Entry:
    """The journal entry of a record."""
    whole, port = record["whole"], record["peer_port"]
    finding = record["finding"]
    return Entry(
        number=record["number"],
        at=when(record["at"]),
        endpoint=PATHS.get(record["path"], NO_ENDPOINT),
        sent=ReceivedBytes(
            _of_bytes(record["body"]),
            record["headers"].encode("latin-1"),
            record["session"],
            None if port is None else (record.get("peer_host"), port),
            (whole[0], whole[1]) if whole else None,
        ),
        signature_ok=record["signature_ok"],
        reason=Reason[record["reason"]] if record["reason"] else None,
        resp_code=record["resp_code"],
        reply=_reply(record["reply"], key),
        facts=_to_facts(record["facts"]) if record["facts"] else None,
        req_seq_id=record["req_seq_id"],
        org_req_seq_id=record["org_req_seq_id"],
        response=None if record["response"] is None else _of_bytes(record["response"]),
        finding=Finding(**{**finding, **_tuples(finding, ("mistakes", "notes"))}) if finding else None,
        faults=list(record["faults"]),
        status=record["status"],
        duration=record["duration"],
        replay=record["replay"],
        hint=record["hint"],
        unmatched=record["unmatched"],
        method=record["method"],
        target=record["target"],
        before=tuple(to_act(one) for one in record.get("before", ())),
    )


def act(made: Act) -> Record:
    """What was done to a tenant between two calls."""
    return {
        "at": made.at.isoformat(),
        "method": made.method,
        "path": made.path,
        "query": made.query,
        "body": made.body,
        "orders": [order(one) for one in made.orders],
    }


def to_act(record: Record) -> Act:
    """The act of a record."""
    return Act(**{**record, "at": when(record["at"]), "orders": tuple(to_order(one) for one in record["orders"])})


def _tuples(record: Record, names: Iterable[str]) -> Record:
    return {name: tuple(record[name]) for name in names}


_CASE: Final = tuple(one.name for one in fields(Case))


def _facts(facts: Facts) -> Record:
    nearest = facts.nearest
    return {
        "rule": facts.rule.row,
        "case": {**{name: getattr(facts.case, name) for name in _CASE}, "age": facts.case.age.total_seconds()},
        "order": order(facts.order) if facts.order else None,
        "now": facts.now.isoformat(),
        "nearest": {"order": order(nearest.order), "how": nearest.how} if nearest else None,
    }


def _to_facts(record: Record) -> Facts:
    nearest = record["nearest"]
    return Facts(
        RULE[record["rule"]],
        Case(**{**record["case"], "age": timedelta(seconds=record["case"]["age"])}),
        to_order(record["order"]) if record["order"] else None,
        when(record["now"]),
        Nearest(to_order(nearest["order"]), nearest["how"]) if nearest else None,
    )


# --- pushes


def delivery(made: Delivery) -> Record:
    """A push to one receiver, with its tries."""
    message, body = made.message, made.message.body
    notify = isinstance(body, NotifyBody)
    return {
        "number": made.number,
        "channel": "notify" if notify else "webhook",
        "event": message.event,
        "order": list(message.order),
        "receiver": message.receiver,
        "url": message.url,
        "body": body.text if isinstance(body, NotifyBody) else body().decode(),
        "sign_bad": isinstance(body, NotifyBody) and body.sign_bad,
        "key_old": isinstance(body, NotifyBody) and body.key_old,
        "expected": message.expected,
        "headers": [list(header) for header in message.headers],
        "status": made.status,
        "created_at": made.created_at.isoformat(),
        "began_at": written(made.began_at),
        "next_at": written(made.next_at),
        "overtaken": made.overtaken,
        "attempts": [asdict(one) | {"at": one.at.isoformat()} for one in made.attempts],
    }


def to_delivery(record: Record, key: RSAPrivateKey) -> Delivery:
    """The delivery of a record; `key` is the one that a notify is signed with."""
    notify, text = record["channel"] == "notify", record["body"]
    huifu_id, req_date, req_seq_id = record["order"]
    body = text.encode()
    message = Message(
        acknowledgement.NOTIFY if notify else acknowledgement.WEBHOOK,
        record["event"],
        (huifu_id, req_date, req_seq_id),
        record["receiver"],
        record["url"],
        NotifyBody(text, key, sign_bad=record["sign_bad"], key_old=record["key_old"]) if notify else lambda: body,
        expected=record["expected"],
        headers=tuple((name, value) for name, value in record["headers"]),
    )
    return Delivery(
        record["number"],
        message,
        when(record["created_at"]),
        record["status"],
        [Attempt(**{**one, "at": when(one["at"])}) for one in record["attempts"]],
        moment(record["next_at"]),
        moment(record["began_at"]),
        overtaken=record["overtaken"],
        elsewhere=record.get("gateway", 0),
    )
