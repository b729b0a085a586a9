"""Whatever an adapter writes on a line: it is a checked reply or the adapter's trouble, and nothing else ever."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from huifu_contract.drivers import protocol
from huifu_contract.failures import AdapterTrouble
from huifu_contract.outcome import Hello, Outcome

OPS = ("hello", "close", "order", "bye")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
VALID: dict[str, dict[str, Any]] = {
    "hello": {
        "id": 1,
        "client": {"name": "a", "version": "1", "language": "x"},
        "profiles": ["wire"],
        "claims": [],
        "timeout_s": 1,
    },
    "close": {
        "id": 1,
        "outcome": "unknown",
        "error": {"kind": "timeout", "message": "no"},
        "seen": {"resp_code": None, "trans_stat": "P"},
        "attempts": 1,
    },
    "order": {"id": 1, "outcome": "closed"},
    "bye": {"id": 1, "ok": True},
}


@given(line=st.binary(max_size=200).map(lambda raw: raw + b"\n") | JSON.map(lambda value: _line(value)))
@example(line=b"")
@example(line=b"\n")
@example(line=b'{"id":1e400}\n')
@example(line=b'{"id":' + b"9" * 5000 + b"}\n")
@example(line=b'\xef\xbb\xbf{"id":1}\n')
@settings(max_examples=150)
def test_any_line_is_a_reply_with_an_id_or_the_adapters_trouble(line: bytes) -> None:
    try:
        reply = protocol.decode(line)
    except AdapterTrouble:
        return
    assert type(reply["id"]) is int


@pytest.mark.parametrize("op", OPS)
@given(data=st.data())
@settings(max_examples=80)
def test_a_reply_with_one_member_changed_is_understood_or_the_adapters_trouble(op: str, data: st.DataObject) -> None:
    reply = dict(VALID[op])
    name = data.draw(st.sampled_from(sorted(reply)) | st.text(max_size=5))
    if data.draw(st.booleans()):
        reply.pop(name, None)
    else:
        reply[name] = data.draw(JSON)
    try:
        checked = protocol.check(op, protocol.decode(_line(reply)))
    except AdapterTrouble:
        return
    if op == "hello" and checked.get("outcome") != "unsupported":
        assert Hello.from_message(checked).timeout_s > 0
    elif op in ("close", "order"):
        assert Outcome.from_message(checked).verdict


@pytest.mark.parametrize("op", OPS)
def test_the_replies_that_are_changed_here_are_valid_ones(op: str) -> None:
    assert protocol.check(op, VALID[op])


def _line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"
