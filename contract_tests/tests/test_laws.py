"""The laws by themselves: each breaks where it must and is silent where it may not speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from huifu_contract.harness.evidence import NOTHING, Evidence, SentRequest, SignedReply, Truth
from huifu_contract.harness.laws import (
    Broken,
    bounded,
    growing_gaps,
    one_order,
    paused,
    resolution,
    restraint,
    same_or_query,
    schema_of,
    silence,
    soundness,
    wire,
)
from huifu_contract.outcome import Hello, Outcome

DATA = {
    "req_date": "20240425",
    "req_seq_id": "R1",
    "huifu_id": "6666000000000000",
    "org_req_date": "20240405",
    "org_req_seq_id": "O1",
}
S, F, P = (SignedReply(resp_code="00000000", trans_stat=stat) for stat in "SFP")
FORGED = SignedReply(genuine=False, trans_stat="S")


def sent(heard: SignedReply = S, **more: Any) -> SentRequest:
    return SentRequest(**{"data": DATA, "heard": heard, **more})


def evidence(claim: str, *requests: SentRequest, **truth: Any) -> Evidence:
    return Evidence(Outcome(claim), DATA, requests, Truth(**truth))


def messages(found: list[Broken]) -> list[str]:
    return [broken.message for broken in found]


SOUND = [
    evidence("closed", sent(S), closed=True),
    evidence("closed", sent(NOTHING), sent(S, op="closequery"), closed=True),
    evidence("not_closed", sent(F)),
    evidence("not_closed", sent(F), trans_stat="S"),
    evidence("rejected"),
    evidence("pending", sent(P), in_flight=True),
    evidence("unknown", sent(NOTHING), closed=True),
    evidence("unknown", sent(FORGED)),
]
UNSOUND = [
    (evidence("closed", sent(S)), "claims closed, but the order is not closed"),
    (evidence("closed", sent(P), in_flight=True), "claims closed, but the order is not closed"),
    (evidence("closed", sent(NOTHING), closed=True), "claims closed, but no genuine reply said so"),
    (evidence("closed", sent(FORGED), closed=True), "claims closed, but no genuine reply said so"),
    (evidence("closed", closed=True), "claims closed, but no genuine reply said so"),
    (evidence("not_closed", sent(NOTHING), closed=True), "claims not_closed, but the order is closed"),
    (evidence("not_closed", sent(P), in_flight=True), "claims not_closed while a close is in flight"),
    (evidence("rejected", sent(F)), "claims rejected, but a request was sent"),
    (evidence("crashed", sent(S)), "crashed with an exception instead of an outcome"),
]


@pytest.mark.parametrize("given", SOUND, ids=lambda e: f"{e.claim}-{e.truth.words()}")
def test_l1_lets_every_true_claim_and_every_doubt_pass(given: Evidence) -> None:
    assert soundness(given) == []


@pytest.mark.parametrize(("given", "says"), UNSOUND, ids=lambda e: getattr(e, "claim", ""))
def test_l1_breaks_on_every_false_claim(given: Evidence, says: str) -> None:
    assert messages(soundness(given)) == [says]


def test_a_webhook_can_tell_that_it_is_closed() -> None:
    assert soundness(replace(evidence("closed", sent(P), closed=True), told=("S",))) == []


def test_l2_asks_for_a_definite_claim() -> None:
    assert resolution(evidence("closed")) == []
    assert resolution(evidence("not_closed")) == []
    for claim in ("pending", "unknown", "rejected"):
        assert len(resolution(evidence(claim))) == 1


BAD_REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"data": None}, "the body holds no data object"),
    ({"data": {**DATA, "huifu_id": 6666000000000000}}, "the request breaks the schema"),
    ({"data": {**DATA, "req_seq_id": "x" * 129}}, "the request breaks the schema"),
    ({"data": {name: DATA[name] for name in DATA if name != "huifu_id"}}, "the request breaks the schema"),
    ({"signature_ok": False}, "the signature does not verify over the data that was sent"),
    ({"body": b'{"data":{"a":"1","a":"2"}}'}, "a member stands twice in the body: a"),
    ({"data": {**DATA, "org_req_seq_id": ""}}, "neither org_req_seq_id nor org_hf_seq_id was sent"),
]


@pytest.mark.parametrize(("more", "says"), BAD_REQUESTS, ids=[says for _, says in BAD_REQUESTS])
def test_l3_breaks_on_every_invalid_request(more: dict[str, Any], says: str) -> None:
    assert messages(wire(evidence("closed", sent(**more)))) == [says]


@pytest.mark.parametrize("day", ["2024-04-25", "20240230", "2024425", "٢٠٢٤٠٤٢٥", "20241301"])
def test_l3_breaks_on_a_day_that_is_none(day: str) -> None:
    assert "req_date is not a day written yyyyMMdd" in messages(
        wire(evidence("closed", sent(data={**DATA, "req_date": day})))
    )


def test_l3_lets_a_valid_request_pass_twice_but_not_two_requests_of_one_number() -> None:
    assert wire(evidence("closed", sent(), sent())) == []
    query = sent(op="closequery", data={**DATA, "req_seq_id": "R2"})
    assert wire(evidence("closed", sent(), query)) == []
    for other in (sent(op="closequery"), sent(data={**DATA, "org_req_seq_id": "O2"})):
        assert messages(wire(evidence("closed", sent(), other))) == [
            "one req_seq_id was used for two different requests"
        ]


OTHERS = [
    {"huifu_id": "6666000000000001"},
    {"org_req_date": "20240404"},
    {"org_req_seq_id": "O2"},
    {"org_req_seq_id": "", "org_hf_seq_id": "O1"},
]


@pytest.mark.parametrize("changes", OTHERS, ids=str)
def test_l4_breaks_on_a_close_of_another_order_in_the_same_call(changes: dict[str, str]) -> None:
    other = sent(data={**DATA, "req_seq_id": "R2", **changes})
    (broken,) = one_order(evidence("closed", sent(F), other))
    assert broken.message.startswith("a close of another order followed in the same call")
    assert [one.field for one in broken.differs] == [name for name, value in changes.items() if value]


def test_l4_lets_an_order_be_closed_again_and_a_number_be_added_or_left_out() -> None:
    known = {**DATA, "org_hf_seq_id": "H1"}
    for later in (DATA, known, {**DATA, "req_seq_id": "R2"}):
        assert one_order(evidence("closed", sent(F), sent(op="closequery"), sent(data=later))) == []
    assert one_order(evidence("closed", sent(F, data=known), sent())) == []


QUERY = {"huifu_id": DATA["huifu_id"], "org_req_date": "20240405", "org_req_seq_id": "O1"}
OTHER_ENDPOINTS: list[tuple[str, str, dict[str, Any]]] = [
    ("closequery", "/v2/trade/payment/scanpay/closequery", DATA),
    ("query", "/v2/trade/payment/scanpay/query", QUERY),
    ("query", "/v3/trade/payment/scanpay/query", QUERY),
    ("query", "/v4/trade/payment/scanpay/query", {**DATA, "req_seq_id": "O1"}),
]


@pytest.mark.parametrize(("op", "path", "data"), OTHER_ENDPOINTS)
def test_l3_measures_every_endpoint_by_its_own_schema(op: str, path: str, data: dict[str, Any]) -> None:
    assert schema_of(sent(op=op, path=path)) == f"{op}/{path[1:3] + '-' if op == 'query' else ''}request"
    assert wire(evidence("closed", sent(op=op, path=path, data=data))) == []
    broken = sent(op=op, path=path, data={**data, "huifu_id": 1})
    assert messages(wire(evidence("closed", broken))) == ["the request breaks the schema"]


def test_l3_knows_that_a_query_has_no_number_of_its_own() -> None:
    query = sent(op="query", path="/v2/trade/payment/scanpay/query", data=QUERY)
    other = replace(query, data={**QUERY, "org_req_seq_id": "O2"})
    by_number = sent(op="query", path="/v4/trade/payment/scanpay/query", data=DATA)
    assert wire(evidence("closed", sent(), query, other, by_number)) == []


def test_l3_lets_a_query_name_its_order_by_a_third_number() -> None:
    query = sent(op="query", path="/v2/trade/payment/scanpay/query", data={"huifu_id": "6", "out_ord_id": "S1"})
    assert wire(evidence("unknown", query)) == []


def test_l4_counts_every_post_against_what_the_client_declares() -> None:
    given = replace(evidence("unknown", *[sent(NOTHING)] * 3), hello=Hello(max_attempts=3))
    assert bounded(given) == []
    assert messages(bounded(replace(given, hello=Hello(max_attempts=2)))) == ["more attempts than declared"]


OTHER = sent(data={**DATA, "req_seq_id": "R2"})


@pytest.mark.parametrize("heard", [NOTHING, FORGED, P, SignedReply(trans_stat=None), SignedReply(trans_stat="X")])
def test_l4_forbids_another_close_after_one_in_doubt(heard: SignedReply) -> None:
    doubtful = sent(heard)
    assert same_or_query(evidence("unknown", doubtful, sent(heard), sent())) == []
    assert same_or_query(evidence("unknown", doubtful, sent(op="closequery"))) == []
    for between in ((), (sent(op="closequery"),)):
        assert len(same_or_query(evidence("closed", doubtful, *between, OTHER))) == 1
        assert len(restraint(evidence("closed", doubtful, *between, OTHER))) == 1


@pytest.mark.parametrize("heard", [S, F])
def test_l4_allows_another_close_after_a_definite_answer(heard: SignedReply) -> None:
    assert same_or_query(evidence("closed", sent(heard), OTHER)) == []


GAPS: list[tuple[tuple[float, ...], int]] = [
    ((), 0),
    ((0.0,), 0),
    ((0.0, 0.01, 0.3), 0),
    ((0.0, 0.2, 0.39), 0),
    ((0.0, 0.05), 0),
    ((0.0, 0.2, 0.36), 0),
    ((0.0, 0.05, 0.1), 1),
    ((0.0, 0.5, 0.7), 1),
]


@pytest.mark.parametrize(("times", "broken"), GAPS)
def test_l4_wants_gaps_that_do_not_shrink_and_end_in_a_pause(times: tuple[float, ...], broken: int) -> None:
    assert len(growing_gaps(evidence("unknown", *[sent(NOTHING, at=at) for at in times]))) == broken


def test_l4_wants_a_tenth_of_a_second_between_two_closes() -> None:
    query = sent(op="closequery", at=0.01)
    assert paused(evidence("closed", sent(F, at=0.0), query, sent(at=0.1))) == []
    assert len(paused(evidence("closed", sent(F, at=0.0), query, sent(at=0.09)))) == 1


@pytest.mark.parametrize("claim", ["closed", "not_closed"])
def test_l5_breaks_when_a_claim_stands_on_a_reply_that_is_not_authentic(claim: str) -> None:
    says = [f"claims {claim} from a reply that is not authentic"]
    assert messages(silence(evidence(claim, sent(FORGED)))) == says
    assert messages(silence(evidence(claim, sent(FORGED), sent(P, op="closequery")))) == says
    backed = sent(S if claim == "closed" else F, op="closequery")
    assert silence(evidence(claim, sent(FORGED), backed)) == []


def test_l5_is_silent_about_doubt_and_about_no_reply_at_all() -> None:
    assert silence(evidence("unknown", sent(FORGED))) == []
    assert silence(evidence("not_closed", sent(NOTHING))) == []


LAWS: list[Callable[[Evidence], list[Broken]]] = [soundness, silence, wire, restraint]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_an_honest_success_breaks_no_law(law: Callable[[Evidence], list[Broken]]) -> None:
    assert law(evidence("closed", sent(S), closed=True)) == []


@pytest.mark.parametrize(("stat", "claim"), [("S", "closed"), ("F", "not_closed"), ("P", "unknown"), (None, "unknown")])
def test_of_a_client_that_only_offers_wire_what_it_shows_counts_as_its_word(stat: str | None, claim: str) -> None:
    bare = Hello(profiles=frozenset({"wire"}))
    assert Evidence(Outcome("unknown", {"trans_stat": stat}), hello=bare).claim == claim
    assert Evidence(Outcome("unknown", {"trans_stat": stat})).claim == "unknown"


def test_of_a_different_close_the_members_that_differ_are_told() -> None:
    first, other = sent(NOTHING), sent(S, data={**DATA, "req_date": "20240426", "req_seq_id": "R2"})
    (broken,) = same_or_query(evidence("closed", first, other))
    assert [one.field for one in broken.differs] == ["req_date", "req_seq_id"]
