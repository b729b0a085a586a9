"""The model of the close, held against the sentences it is written from, and the sequences that use it."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from huifu_contract.server import answers, model, sequences
from huifu_contract.server.answers import Answer, Said
from huifu_contract.server.model import CloseModel, Order

ME, OTHER, DAY = "6666000000000000", "6666000000000001", "20260131"


def order(number: str = "o1", **more: object) -> Order:
    settings = {"huifu_id": ME, "req_date": DAY, "req_seq_id": number, "hf_seq_id": f"hf-{number}", "born": -120.0}
    return Order(**{**settings, **more})  # type: ignore[arg-type] # a mixed bag on purpose


def request(number: str = "c1", original: str = "o1", **more: str) -> dict[str, str]:
    own = {"req_date": DAY, "req_seq_id": number, "huifu_id": ME}
    return {**own, "org_req_date": DAY, "org_req_seq_id": original, **more}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, [answers.CLOSED]),
        ({"born": -60.0}, [answers.CLOSED]),
        ({"born": -59.9}, [answers.MINUTE]),
        ({"trade_type": "U_NATIVE"}, [answers.UNION]),
        ({"trade_type": "D_NATIVE"}, [answers.UNION]),
        ({"trans_stat": "S"}, [answers.FINISHED]),
        ({"trans_stat": "F"}, [answers.FINISHED]),
        ({"trans_stat": "F", "close_stat": "S"}, [answers.TWICE]),
        ({"close_stat": "P", "due": 1.0}, [answers.CONFLICT]),
        ({"settle": "refused"}, [answers.FAILED]),
        ({"settle": "processing"}, [answers.PROCESSING, answers.ACCEPTED]),
        ({"trans_stat": "S", "born": 0.0, "trade_type": "U_NATIVE"}, [answers.UNION, answers.FINISHED, answers.MINUTE]),
    ],
)
def test_every_refusal_that_applies_is_expected_and_success_only_without_one(
    state: dict[str, object], expected: list[Answer]
) -> None:
    knows = CloseModel()
    knows.add(order(**state))
    assert list(knows.close(0.0, request()).answers) == expected


def test_the_same_request_has_the_same_result_and_its_number_is_used_up() -> None:
    knows = CloseModel([order(), order("o2")])
    assert knows.close(0, request()).branch == "00000000"
    assert knows.close(0, request()).again == (ME, DAY, "c1")
    assert knows.close(0, request(original="o2")).branch == "reuse"
    assert knows.orders[1].close_stat == ""
    assert knows.close(0, request("c2")).branch == "23000000/closed"


def test_a_refused_request_uses_up_nothing() -> None:
    knows = CloseModel([order(born=0.0)])
    assert knows.close(59, request()).branch == "20000001/minute@59"
    assert knows.close(60, request()).branch == "00000000@60"


def test_an_order_belongs_to_one_merchant_and_both_numbers_must_name_it() -> None:
    knows = CloseModel([order(), order("o2")])
    assert knows.close(0, request(huifu_id=OTHER)).branch == "23000001/stranger"
    assert knows.close(0, request(org_hf_seq_id="hf-o2")).branch == "23000001"
    assert knows.close(0, request("c2", org_hf_seq_id="hf-o1")).branch == "00000000"
    assert knows.close(0, request("c3", "")).branch == "21000000"


def test_a_customer_who_pays_while_the_close_is_in_progress_wins() -> None:
    knows = CloseModel([order(settle="processing")])
    assert knows.close(0, request()).branch == "00000100"
    assert knows.finish(4, knows.orders[0], "S")
    assert (knows.orders[0].trans_stat, knows.orders[0].close_stat) == ("S", "F")
    assert knows.close(5, request()).branch == "23000000/paid"
    assert not knows.finish(5, knows.orders[0], "F")


def test_a_close_in_progress_succeeds_in_time_and_queries_follow_it() -> None:
    knows = CloseModel([order(settle="processing")])
    assert knows.query(0, request()).branch == "query/none"
    knows.close(0, request())
    assert knows.query(4, request()).branch == "query/P"
    assert knows.query(5, request()).branch == "query/S"
    assert knows.orders[0].wins == 1


def test_an_older_code_is_the_same_answer_and_another_text_is_not() -> None:
    assert answers.FINISHED.fits(Said("10000016", "原订单已为终态,请发起查询交易获取", "F"))
    assert not answers.FINISHED.fits(Said("23000000", answers.TWICE.resp_desc, "F"))
    assert not answers.CONFLICT.fits(Said("20000001", answers.MINUTE.resp_desc, "F"))
    assert not answers.UNKNOWN.fits(Said("23000001", "原交易不存在", "S"))


@pytest.mark.parametrize("module", [model, answers])
def test_the_model_shares_nothing_with_the_rules_of_the_fake(module: object) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))  # type: ignore[attr-defined] # a module
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in getattr(node, "names", [])]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert not any(name.startswith("huifu_mock") for name in imported), imported


def test_dropping_an_order_from_a_walk_drops_what_was_done_with_it() -> None:
    steps: list[sequences.Step] = [
        {"do": "close", "order": 0}, {"do": "close", "order": 1}, {"do": "advance", "seconds": 5},
        {"do": "close", "order": 2},
    ]  # fmt: skip
    left = sequences._without(steps, 1)
    assert left == [{"do": "close", "order": 0}, {"do": "advance", "seconds": 5}, {"do": "close", "order": 1}]


def test_a_walk_that_never_meets_a_branch_is_the_kits_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import huifu_mock
    from huifu_contract.grading.results import Exit
    from huifu_contract.server.cases import sequences
    from huifu_contract.server.grade import Options, grade
    from huifu_contract.server.target import Target

    def lazy(fresh: object, *_: int) -> None:
        made = fresh()  # type: ignore[operator] # what makes a sequence
        made.do({"do": "new", "kind": "plain", "age": 61})
        made.do({"do": "close", "order": 0, "by": "both"})
        assert made.hits == Counter(made.hits)

    monkeypatch.setattr(sequences, "explore", lazy)
    with huifu_mock.Server(orders=[]) as server:
        found = grade(Target(server.base_url), Options(cases=("server/state-machine",)), connection=server)
    assert found.exit is Exit.INTERNAL
    assert "never met" in found.cases[0].signature
    assert "23000000/closed" in found.cases[0].signature


def test_a_walk_that_goes_wrong_is_told_in_the_fewest_steps() -> None:
    from broken_servers.bugs import BUGS

    import huifu_mock
    from huifu_contract.server.grade import Options, grade
    from huifu_contract.server.target import Target

    bug = next(bug for bug in BUGS if bug.name == "second-close-succeeds")
    with bug.plant(), huifu_mock.Server(orders=[]) as server:
        found = grade(Target(server.base_url), Options(cases=("server/state-machine",)), connection=server)
    transcript = found.cases[0].steps
    assert 3 <= len(transcript) <= 5, transcript
    assert transcript[-1].startswith("again: ")
