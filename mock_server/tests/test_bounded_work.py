"""No call can hold up another: what is too large is refused first, what takes long leaves the event loop."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from desk import Desk, opened
from hypothesis import given
from hypothesis import strategies as st
from rawclient import body
from wired import post

import huifu_mock
from huifu_mock import json_limits as limits
from huifu_mock import keys, signing
from huifu_mock.explain import Earlier
from huifu_mock.explain import budget as budgets
from huifu_mock.explain.budget import Budget, Spent
from huifu_mock.explain.journal_entry import examined
from huifu_mock.gateway import gateway as gateway_module
from huifu_mock.http import server as server_module
from huifu_mock.request import CLOSE, KEPT, ReceivedBytes, prepare, read


def members(count: int, value: str = '"1"') -> str:
    return "{" + ",".join(f'"m{i}":{value}' for i in range(count)) + "}"


def close(data: str, sys_id: str = "6666000108854952") -> bytes:
    """A close whose signature is wrong."""
    sign = signing.sign(keys.published("merchant"), b"something else")
    return f'{{"sys_id":"{sys_id}","product_id":"MCS","sign":"{sign}","data":{data}}}'.encode()


TOO_MUCH: dict[str, Callable[[], str]] = {
    "1,001 members": lambda: members(1001),
    "600,000 members": lambda: members(600_000),
    "a million repeated names": lambda: "{" + ",".join(['"a":"1"'] * 1_000_000) + "}",
    "an object inside with 1,001 members": lambda: f'{{"a":{members(1001)}}}',
    "a value of 65,537 characters": lambda: f'{{"a":"{"x" * (limits.LONGEST + 1)}"}}',
    "a value of 9 MB": lambda: f'{{"a":"{"关" * 3_000_000}"}}',
    "a value of 9 MB of escapes": lambda: '{"a":"' + "\\/" * 4_500_000 + '"}',
    "a name of 100,000 characters": lambda: f'{{"{"n" * 100_000}":""}}',
    "a number of 100,000 digits": lambda: f'{{"a":{"9" * 100_000}}}',
    "a list of 70,000 characters": lambda: '{"a":[' + ",".join(['"' + "x" * 1000 + '"'] * 70) + "]}",
    "10,001 values": lambda: '{"a":[' + ",".join("1" * 10_001) + "]}",
    "four million values": lambda: '{"a":[' + ",".join("1" * 4_000_000) + "]}",
}
ENOUGH: dict[str, Callable[[], str]] = {
    "1,000 members": lambda: members(990),
    "a value of 65,536 characters": lambda: f'{{"a":"{"x" * limits.LONGEST}"}}',
    "140 values of 60,000 characters": lambda: members(140, '"' + "<关/>" * 12_000 + '"'),
    "9,000 values": lambda: '{"a":[' + ",".join("1" * 9_000) + "]}",
}


@pytest.mark.parametrize("data", TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_too_large_is_10000000_before_anything_else_is_done_with_it(
    data: Callable[[], str], tenant: huifu_mock.Tenant
) -> None:
    answer = post(tenant.base_url, close(data(), tenant.sys_id))
    reply = opened(answer.body, signing.load_public_key(tenant.huifu_public_key))
    assert reply["resp_code"] == "10000000"
    (call,) = tenant.journal.calls()
    assert call.hint.startswith(("rule 1: the body: has ", "rule 1: the body: holds more than 10,000 values"))
    assert (call.data, call.signature_ok) == (None, None)


@pytest.mark.parametrize("data", ENOUGH.values(), ids=ENOUGH)
def test_what_is_just_not_too_large_is_read_and_verified(data: Callable[[], str], desk: Desk) -> None:
    contents = desk.data(desk.order()) | json.loads(data())
    answered = desk.send(desk.body(contents))
    assert answered.exchange.entry.signature_ok is True
    assert answered.reply["resp_code"] == "00000000"


@pytest.mark.parametrize("data", TOO_MUCH.values(), ids=TOO_MUCH)
def test_the_look_at_a_text_ends_at_the_first_thing_that_is_too_large(data: Callable[[], str]) -> None:
    seen: list[str] = []

    class Watched(list[str]):
        def append(self, token: str) -> None:
            seen.append(token)
            super().append(token)

    scan = object.__new__(limits.Scan)
    scan.tokens, scan._open, scan._commas, scan._values = Watched(), [], [], 0
    with pytest.raises(limits.TooMuch):
        scan._read(close(data()).decode())
    assert len(seen) <= limits.LEXEMES + 1
    assert sum(map(len, seen)) <= 10 * limits.LONGEST


NAMES = st.sampled_from(["a", "b", "data", "关", "\\/", "\\u5173", "é"])
SCALARS = st.sampled_from(
    ['"x"', '"\\u0000"', '"\\ud83d\\ude00"', '"关<&>"', "1", "1.00", "-0", "1e999", "true", "null", '""']
)


def values(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(NAMES, inner), max_size=5)
    return st.one_of(
        pairs.map(lambda items: "{" + ", ".join(f'"{name}" :{value}' for name, value in items) + "}"),
        st.lists(inner, max_size=5).map(lambda items: "[" + " ,".join(items) + "]"),
    )


TEXTS = st.recursive(SCALARS, values, max_leaves=20)


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A JSON text in which some characters are replaced, or none."""
    text = draw(TEXTS)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(['"', "}", ",", "{", "\\", "1", " ", "\ud800", "nul"])) + text[at + 1 :]
    return text


@given(st.one_of(broken(), st.builds(lambda data: f'{{"sys_id":"1","product_id":"M","data":{data}}}', broken())))
def test_a_long_body_is_read_exactly_as_a_short_one(text: str) -> None:
    sent = ReceivedBytes(text.encode(errors="surrogatepass"))
    short = read(CLOSE, sent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "may_be_too_much", lambda _: True)
        long = prepare(CLOSE, sent)
    if any(one.problem is not None and "half of a surrogate" in one.problem.problem for one in (short, long)):
        assert short.problem is not None  # which of two mistakes is told may differ
        assert long.problem is not None
        return
    assert (short.problem, short.envelope, short.data) == (long.problem, long.envelope, long.data)
    if short.is_signable:
        assert (short.text, short.digest, short.other_digests) == (long.text, long.digest, long.other_digests)


def test_a_close_with_long_data_is_repeated_byte_for_byte_and_keeps_no_long_text(desk: Desk) -> None:
    data = desk.data(desk.order(), **{f"m{i}": "x" * 60_000 for i in range(3)})
    first, again = desk.send(desk.body(data)), desk.send(desk.body(data))
    assert first.raw == again.raw
    assert again.exchange.entry.replay
    changed = desk.send(desk.body({**data, "m0": "y"}))
    assert changed.row == "6"
    attempt = desk.tenant.orders.attempt((data["huifu_id"], data["req_date"], data["req_seq_id"]))
    assert attempt is not None
    assert len(attempt.digest) == 32


# --- the explanation of a signature


WORST = {
    "950 numbers": members(950, "1.00"),
    "900 members with everything that can be escaped": members(900, '"<关/&>\\u2028 1.0"'),
    "nested": "{" + ",".join(f'"n{i}":{{"a":["1.0",null,""],"关":"/"}}' for i in range(300)) + "}",
    "five members": members(5, '"关/<1.00"'),
}


@pytest.mark.parametrize("data", WORST.values(), ids=WORST)
def test_an_explanation_does_no_more_than_its_budget_allows(data: str, desk: Desk) -> None:
    budget = Budget(float("inf"))
    call = read(CLOSE, ReceivedBytes(close(data)))
    own, huifu = keys.published("merchant").public_key(), keys.published("huifu").public_key()
    found = examined(call, own, huifu, (), (), budget=budget)
    assert found is not None
    assert found.mistakes == ("unknown",)
    assert budget.texts <= budgets.TEXTS + 1
    assert budget.bytes <= budgets.BYTES + 9 * len(data) * 4
    assert budget.lexemes <= budgets.LEXEMES + 9 * data.count('"')
    assert ("unfinished" in found.notes) == (budget.texts > budgets.TEXTS or budget.bytes > budgets.BYTES)


def test_earlier_requests_are_looked_through_only_so_far() -> None:
    sent = close(members(5))
    other = close(members(6)).replace(b"m5", b"zz")
    earlier = [Earlier(f"call-{i}", other + b" " * 60_000) for i in range(1000)]
    budget = Budget(float("inf"))
    call = read(CLOSE, ReceivedBytes(sent))
    own, huifu = keys.published("merchant").public_key(), keys.published("huifu").public_key()
    found = examined(call, own, huifu, (), earlier, budget=budget)
    assert found is not None
    assert found.earlier == "call-0"
    assert budget.compared <= budgets.COMPARED + 101 * 61_000


def test_a_spent_budget_says_so_and_a_stopped_one_ends() -> None:
    for spend in (
        lambda one: one.write(budgets.LEXEMES + 1),
        lambda one: one.compare(budgets.COMPARED + 1),
        lambda one: [one.hash(budgets.BYTES) for _ in range(10)],
        lambda one: (one.stop(), one.write(1)),
    ):
        with pytest.raises(Spent):
            spend(Budget())


# --- the event loop


@pytest.fixture
def server() -> Iterator[huifu_mock.Server]:
    """A server of its own, whose limits a test may change."""
    with huifu_mock.Server() as running:
        yield running


def test_others_are_answered_while_a_long_body_is_looked_into(
    server: huifu_mock.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def held(*received: Any) -> Any:
        begun.set()
        assert let_go.wait(60)
        return prepare(*received)

    monkeypatch.setattr(server_module, "prepare", held)
    tenant = server.tenant()
    long = threading.Thread(target=post, args=(server.base_url, close(members(900, '"' + "x" * 100 + '"'))))
    long.start()
    assert begun.wait(60)
    for _ in range(3):
        post(server.base_url, body(tenant, tenant.orders.add()))
    assert [call.reason for call in tenant.journal.calls()] == ["CLOSED"] * 3
    let_go.set()
    long.join()
    assert server.default.journal.calls()[-1].signature_ok is False


def test_what_cannot_be_found_out_at_once_is_found_out_in_a_thread(
    server: huifu_mock.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "IN_THE_LOOP", 0.0)
    tenant = server.tenant()
    data = tenant.orders.add().close_params("close-1") | {"remark": "关单/测试"}
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    sign = signing.sign(key, json.dumps(dict(sorted(data.items())), separators=(",", ":")).encode())
    sent = json.dumps({"sys_id": tenant.sys_id, "product_id": "MCS", "sign": sign, "data": data}, ensure_ascii=False)
    answer = post(server.base_url, sent.encode())
    assert answer.headers["huifu-mock-hint"].startswith("unicode-escaped")
    (call,) = tenant.journal.calls()
    assert call.explanation["mistakes"] == ["unicode-escaped"]
    assert call.hint == answer.headers["huifu-mock-hint"]


def test_what_takes_longer_than_the_deadline_is_answered_with_what_was_not_tried(
    server: huifu_mock.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "IN_THE_LOOP", 0.0)
    monkeypatch.setattr(server_module, "PATIENCE", 0.0)
    answer = post(server.base_url, close(members(20)))
    assert "not every way of signing was tried" in answer.headers["huifu-mock-hint"]
    call = server.default.journal.calls(signature_ok=False)[-1]
    assert call.explanation["mistakes"] == ["unknown"]
    assert "not every way of signing was tried" in call.explanation["text"]["en"]


def test_the_body_of_a_short_call_never_leaves_the_loop(
    server: huifu_mock.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "prepare", None)
    tenant = server.tenant()
    post(server.base_url, body(tenant, tenant.orders.add()))
    assert [call.reason for call in tenant.journal.calls()] == ["CLOSED"]
    assert gateway_module.QUICK <= server_module.APART <= KEPT
