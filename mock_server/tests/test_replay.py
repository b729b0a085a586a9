"""`huifu-mock replay`: a capsule's calls are answered with the same bytes again, or the first that is not is shown."""

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from counter import CREATES, new_order
from counter import ask as call_endpoint
from desk import Desk
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rawclient import Client, body
from test_capsule import ask
from test_store_file import begun

import huifu_mock
from huifu_mock import signing
from huifu_mock.cli.main import main
from huifu_mock.client.replay import Replayed, replay
from huifu_mock.gateway.mock import Mock, Refused
from huifu_mock.request import CLOSE, ReceivedBytes
from huifu_mock.state import history
from huifu_mock.store import capsule

if TYPE_CHECKING:
    from postgresql_server import PostgreSql


def saved(desk: Desk, *, keys: bool = False) -> Any:
    return json.loads(json.dumps(capsule.of(desk.tenant, keys=keys)))


def faulty_replies(desk: Desk) -> None:
    one = f"/{desk.tenant.sys_id}"
    for name in ("sign-garbage", "tampered", "unsorted", "sign-foreign"):
        ask(desk.mock, "POST", f"{one}/faults", {"do": {"fault": name}})
        desk.mock.gateway.close(desk.body(desk.data(desk.order())))


def call(tenant: huifu_mock.Tenant, order: huifu_mock.Order, number: str) -> None:
    """A close over a socket, whose answer may be lost."""
    with Client(tenant) as client:
        client.send(body(tenant, order, req_seq_id=number), ("Connection", "close")).until(lambda _: False)


def test_what_a_test_did_over_sockets_is_answered_with_the_same_bytes_again(server: huifu_mock.Server) -> None:
    with server.tenant(settle="processing", settle_seconds=30) as tenant:
        first, second = tenant.orders.add(), tenant.orders.add(age_seconds=59)
        call(tenant, first, "close-1")
        call(tenant, second, "close-2")
        tenant.clock.advance(31)
        call(tenant, first, "close-1")
        call(tenant, second, "close-2")
        tenant.orders.pay(second.req_seq_id)
        call(tenant, second, "close-3")
        tenant.patch(settle="immediate")
        for fault in ({"fault": "reset-after-commit"}, {"fault": "truncated"}, {"fault": "status"}, {"race": "pay"}):
            tenant.faults.add(**fault)
            call(tenant, tenant.orders.add(), f"close-{len(tenant.journal.calls())}")
        tenant.faults.add(fault="hang", when="after")
        with Client(tenant) as client:
            client.send(body(tenant, tenant.orders.add(), req_seq_id="close-hung"))
            tenant.journal.wait_for(req_seq_id="close-hung")
        tenant.faults.add(fault="hang", times=5)
        tenant.faults.clear()
        call(tenant, tenant.orders.add(), "close-last")
        told = replay(tenant.capsule())
    assert (told.difference, told.stopped, told.same) == (None, "", 11)


def test_the_numbers_that_huifu_gives_are_the_same_again() -> None:
    desk = Desk()
    taken = desk.order().req_seq_id
    for path in CREATES:
        with pytest.raises(Refused, match="is an order"):  # a number of Huifu's is used up
            desk.order(req_seq_id=taken)
        assert call_endpoint(desk, path, new_order(desk, path)).said[0] == "00000100"
        desk.close(desk.order(settle="accepted"))
    told = replay(saved(desk))
    assert (told.difference, told.stopped, told.same) == (None, "", 2 * len(CREATES))


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.sampled_from(["immediate", "processing", "accepted", "refused"])),
        st.tuples(st.just("close"), st.integers(0, 3)),
        st.tuples(st.just("repeat"), st.none()),
        st.tuples(st.just("pay"), st.integers(0, 3)),
        st.tuples(st.just("pay later"), st.integers(0, 3)),
        st.tuples(st.just("pass"), st.sampled_from([1, 5, 61, 100_000])),
        st.tuples(
            st.just("fault"),
            st.sampled_from(
                [
                    {"do": {"answer": "98888888"}, "match": {"nth": 2}},
                    {"do": {"answer": "20000001.CONFLICT", "when": "after"}},
                    {"do": {"fault": "sign-garbage"}, "times": 3, "probability": 0.5, "seed": 7},
                    {"do": {"fault": "foreign-reply"}},
                    {"do": {"race": "pay", "at": "before_settle"}},
                    {"do": {"race": "advance", "at": "after_validate", "seconds": 30}},
                    [{"do": {"fault": "sign-empty"}}, {"do": {"answer": "99999999"}}],
                ]
            ),
        ),
        st.tuples(st.just("settings"), st.sampled_from([{"legacy_codes": True}, {"bad_signature": "http-922"}])),
        st.tuples(st.just("garbage"), st.sampled_from([b"no JSON", b'{"sys_id":"6666000108854952"}'])),
        st.tuples(st.just("fork"), st.none()),
    ),
    max_size=14,
)


@settings(max_examples=60)
@given(ACTIONS)
@example([("fault", {"do": {"fault": "sign-garbage"}}), ("garbage", b"no JSON"), ("fork", None)])
def test_whatever_was_done_a_replay_gives_the_same_bytes(actions: list[tuple[str, Any]]) -> None:
    desk = Desk()
    numbers, last = [desk.order(req_seq_id="order-0")], b""
    for what, how in actions:
        one = f"/{desk.tenant.sys_id}"
        order = numbers[how % len(numbers)] if isinstance(how, int) else None
        if what == "order":
            numbers.append(desk.order(settle=how, age_seconds=59 if how == "refused" else 120))
        elif what == "close":
            last = desk.body(desk.data(order), sys_id=desk.tenant.sys_id)
            desk.mock.gateway.close(last)
        elif what == "repeat":
            desk.mock.gateway.close(last)
        elif what.startswith("pay") and order and desk.kept(order).trans_stat == "P":
            later = {"after_seconds": 3} if what == "pay later" else {}
            ask(desk.mock, "PATCH", f"{one}/orders/{order.req_seq_id}", {"trans_stat": "S", **later})
        elif what == "pass":
            desk.tenant.clock.advance(how)
        elif what == "fault":
            ask(desk.mock, "POST", f"{one}/faults", how)
        elif what == "settings":
            ask(desk.mock, "PATCH", one, how)
        elif what == "garbage":
            desk.mock.gateway.close(how)
        elif what == "fork":
            desk.tenant = capsule.fork(desk.mock, desk.tenant)
    told = replay(saved(desk))
    assert (told.difference, told.stopped) == (None, "")
    assert told.same == len(desk.tenant.journal)


def changed(made: Any, **reply: str) -> Any:
    """The capsule with another reply to its last call."""
    last = made["tenant"]["calls"][-1]
    last["reply"] = json.dumps({**json.loads(last["reply"]), **reply}, ensure_ascii=False, separators=(",", ":"))
    return made


def said(capsys: pytest.CaptureFixture[str], made: Any, tmp_path: Path, *words: str, code: int) -> str:
    file = tmp_path / "capsule.json"
    file.write_text(json.dumps(made), "utf-8")
    assert main(["replay", str(file), *words]) == code
    captured = capsys.readouterr()
    return captured.out or captured.err


def test_the_first_reply_that_differs_is_shown_with_both_texts_and_the_member(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    desk = Desk()
    desk.close(desk.order())
    desk.close(desk.order(req_seq_id="order-2"))
    made = changed(saved(desk), trans_stat="P")
    text = said(capsys, made, tmp_path, code=1)
    assert "1 of them answered with the same bytes" in text
    assert "call-2 (close order-2" in text
    assert 'trans_stat: was "P", is "S"' in text
    assert text.count('"trans_stat":') == 2
    told = json.loads(said(capsys, made, tmp_path, "--json", code=1))
    assert told["difference"]["members"] == [{"name": "trans_stat", "was": "P", "is": "S"}]
    assert (told["identical"], told["same"], told["difference"]["call"]) == (False, 1, "call-2")


def test_a_capsule_whose_replies_are_the_same_ends_with_exit_code_0(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    faulty_replies(desk)
    made = saved(desk, keys=True)
    assert "all 4 answered with the same bytes" in said(capsys, made, tmp_path, code=0)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps([made, made]).encode())))
    assert main(["replay", "-"]) == 0
    assert capsys.readouterr().out.count("all 4") == 2


def stopped(made: Any) -> Replayed:
    told = replay(made)
    assert told.stopped
    assert told.difference is None
    return told


def test_a_journal_that_was_cut_is_not_replayed_and_says_what_would_help() -> None:
    desk = Desk()
    desk.close(desk.order())
    ask(desk.mock, "DELETE", f"/{desk.tenant.sys_id}/journal")
    desk.close(desk.order())
    assert "begins with call-2" in stopped(saved(desk)).stopped
    assert "--keep-journal" in stopped(saved(desk)).stopped


def test_a_capsule_of_an_earlier_version_says_that_it_does_not_tell_what_was_done_between() -> None:
    desk = Desk()
    desk.close(desk.order())
    made = saved(desk)
    del made["tenant"]["before"], made["tenant"]["calls"][0]["before"]
    assert "an earlier version made the capsule" in stopped(made).stopped


def test_more_than_is_kept_between_two_calls_is_told_and_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST", 10)
    desk = Desk()
    desk.close(desk.order())
    for _ in range(12):
        desk.order()
    assert [act.orders for act in desk.tenant.history.waiting()] == [()]
    desk.close(desk.order())
    told = stopped(saved(desk))
    assert (told.same, "it was more than" in told.stopped) == (1, True)


def test_after_a_reset_only_what_came_later_counts() -> None:
    desk = Desk()
    one = f"/{desk.tenant.sys_id}"
    faulty_replies(desk)
    ask(desk.mock, "POST", f"{one}/reset")
    faulty_replies(desk)
    ask(desk.mock, "POST", f"{one}/faults", [{"do": {"fault": "html"}}, {"do": {"fault": "gzip"}}])
    for number in (9, 10):
        ask(desk.mock, "DELETE", f"{one}/faults/fault-{number}")
    desk.close(desk.order())
    told = replay(saved(desk))
    assert (told.difference, told.stopped, told.same) == (None, "", 5)


def test_what_reached_no_endpoint_is_left_out_and_named(server: huifu_mock.Server) -> None:
    with server.tenant() as tenant:
        with Client(tenant) as client:
            client.send(body(tenant), ("Connection", "close"), path="/nowhere").until(lambda _: False)
        call(tenant, tenant.orders.add(), "close-1")
        told = replay(tenant.capsule())
    assert (told.same, told.stopped) == (1, "")
    assert [*told.skipped.values()] == ["it reached no endpoint"]


def test_other_keys_than_the_published_ones_are_compared_without_signatures_unless_they_are_given() -> None:
    mock = Mock([])
    tenant = mock.tenant({"key_bits": 1024})
    assert tenant.merchant_private_key is not None
    sent = signing.envelope(tenant.sys_id, "MCS", {"req_seq_id": "x"}, tenant.merchant_private_key)
    mock.gateway.receive(CLOSE, ReceivedBytes(sent))
    for keys in (False, True):
        told = replay(json.loads(json.dumps(capsule.of(tenant, keys=keys))))
        assert (told.same, told.difference, told.signatures) == (1, None, keys)


def test_a_tenant_in_a_file_is_replayed_after_a_restart(tmp_path: Path) -> None:
    desk = begun(f"sqlite:{tmp_path}/mock.db")
    desk.close(desk.order())
    ask(desk.mock, "POST", f"/{desk.tenant.sys_id}/faults", {"do": {"fault": "tampered"}})
    desk.mock.store.stop()
    again = begun(f"sqlite:{tmp_path}/mock.db")
    again.mock.gateway.close(again.body(again.data(again.order())))
    told = replay(saved(again))
    again.mock.store.stop()
    assert (told.difference, told.stopped, told.same) == (None, "", 2)


def test_what_two_gateways_over_one_database_did_to_a_tenant_and_its_copy_is_replayed(postgresql: "PostgreSql") -> None:
    url = postgresql.fresh()
    with huifu_mock.Server(store=url) as one, huifu_mock.Server(store=url) as other:
        made = one.tenant()
        call(other.find(made.sys_id), made.orders.add(), "close-1")
        other.find(made.sys_id).faults.add(fault="tampered")
        copy = other.find(made.sys_id).fork()
        call(one.find(copy.sys_id), copy.orders.add(), "close-2")
        told = replay(other.find(copy.sys_id).capsule())
    assert (told.difference, told.stopped, told.same) == (None, "", 2)


@pytest.mark.parametrize(("text", "words"), [("{", "is not JSON"), ("{}", "is no capsule"), ("[1]", "is no capsule")])
def test_what_is_no_capsule_is_refused_with_words(
    text: str, words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x.json").write_text(text)
    assert main(["replay", str(tmp_path / "x.json")]) == 2
    assert words in capsys.readouterr().err
