"""Passive mode: the client calls. By order number or case by case, the wire is graded, and silence is no pass."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.cli.main import main
from huifu_contract.grading import results
from huifu_contract.grading.results import CaseResult, Exit, Verdict
from huifu_contract.harness.evidence import Evidence
from huifu_contract.harness.laws import Broken
from huifu_contract.mutants import mutants
from huifu_contract.outcome import Outcome
from huifu_contract.passive.harness import UNSAID, unsaid, visible
from huifu_contract.passive.order_numbers import OrderSession
from huifu_contract.passive.rendezvous import Question, Rendezvous, Waiting
from huifu_contract.passive.run import Options, PassiveRun
from huifu_contract.reference import Client, Config

CLAIMS = frozenset({"query", "retry", "generates-seq"})
ORDER = {"org_req_date": "20240405"}


def ask(base: str, method: str, target: str, body: Any = None) -> tuple[int, Any]:
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, target, sent)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, json.loads(text) if text else None


def client(passive: PassiveRun, base: str = "", kind: type[Client] = Client, config: Config | None = None) -> Client:
    config = config or Config.of(passive.server.default.credentials())
    return kind(base or passive.server.base_url, config, timeout_s=2.0, attempt_s=0.4)


@pytest.fixture
def start_passive() -> Iterator[Callable[..., PassiveRun]]:
    made: list[PassiveRun] = []

    def start(**options: Any) -> PassiveRun:
        passive = PassiveRun(
            Options(**{"agent": "shop", "timeout_s": 2.0, "quiet_s": 3600.0, "claims": CLAIMS, **options})
        )
        made.append(passive)
        return passive.__enter__()

    yield start
    for passive in made:
        passive.__exit__()


def found(passive: PassiveRun, case: str) -> CaseResult:
    return next(one for one in passive.finish().cases if one.id == case)


# -- magic order numbers


@pytest.mark.parametrize(
    ("case", "kind", "verdict"),
    [
        ("control/accepts-honest-success", "reference", Verdict.PASS),
        ("control/reports-honest-failure", "reference", Verdict.PASS),
        ("response/stat-p-pending", "reference", Verdict.PASS),
        ("response/p-then-query", "reference", Verdict.PASS),
        ("response/p-then-query", "no-query-after-p", Verdict.FAIL),
        ("concurrency/conflict-retried", "no-retry-on-conflict", Verdict.FAIL),
        ("transport/retry-same-or-query", "new-seq-on-retry", Verdict.FAIL),
        ("transport/lost-after-close", "reference", Verdict.PASS),
        ("security/sign-missing", "reference", Verdict.PASS),
        ("request/endpoint", "reference", Verdict.PASS),
        ("request/endpoint", "unsorted-canon", Verdict.FAIL),
    ],
)
def test_an_order_number_selects_its_case(
    case: str, kind: str, verdict: Verdict, start_passive: Callable[..., PassiveRun]
) -> None:
    passive = start_passive()
    client(passive, kind=mutants.CLIENTS[kind]).close(org_req_seq_id=f"CASE~{case}~first", **ORDER)
    assert _quiet(passive)
    result = found(passive, case)
    assert result.verdict is verdict, (result.signature, result.root, result.detail)
    ran = [one.id for one in passive.result().cases if one.verdict is not Verdict.NOT_RUN]
    assert ran == [case], "nothing else had traffic"
    assert passive.result().grades == ("wire",)


def _quiet(passive: PassiveRun) -> bool:
    """Every order number has been judged, now that the client is done, however long it took for its calls."""
    for session in passive._sessions.values():
        with session._change:
            session.quiet_s = 0.0
            session._change.notify_all()
    for thread in passive._threads[1:]:
        thread.join(30)
    return not any(thread.is_alive() for thread in passive._threads[1:])


def test_the_script_is_really_behind_the_number(start_passive: Callable[..., PassiveRun]) -> None:
    passive = start_passive()
    pending = client(passive).close(org_req_seq_id="CASE~response/stat-p-pending~1", **ORDER)
    failed = client(passive).close(org_req_seq_id="CASE~control/reports-honest-failure~1", **ORDER)
    assert (pending.verdict, failed.verdict) == ("pending", "not_closed")


def test_each_further_number_of_a_case_is_its_next_example(start_passive: Callable[..., PassiveRun]) -> None:
    passive = start_passive()
    codes = []
    for number in range(3):
        outcome = client(passive).close(org_req_seq_id=f"CASE~response/code-table~{number}", **ORDER)
        codes.append((outcome.seen or {}).get("resp_code"))
    assert len(set(codes)) > 1
    assert _quiet(passive)
    assert found(passive, "response/code-table").verdict is Verdict.PASS


def test_one_failing_number_is_not_made_good_by_another(start_passive: Callable[..., PassiveRun]) -> None:
    passive = start_passive()
    case = "response/p-then-query"
    for kind in ("reference", "no-query-after-p", "reference"):
        client(passive, kind=mutants.CLIENTS[kind]).close(
            org_req_seq_id=f"CASE~{case}~{len(passive._sessions)}", **ORDER
        )
    assert _quiet(passive)
    assert found(passive, case).verdict is Verdict.FAIL


@pytest.mark.parametrize("case", ["request/values-unchanged", "repeat/same-parameters", "control/second-call"])
def test_a_case_that_one_number_cannot_be_is_skipped_with_a_hint(
    case: str, start_passive: Callable[..., PassiveRun]
) -> None:
    passive = start_passive()
    client(passive).close(org_req_seq_id=f"CASE~{case}~1", **ORDER)
    assert _quiet(passive)
    result = found(passive, case)
    assert result.verdict is Verdict.SKIP
    assert "/_contract/next" in result.root


def test_a_claim_can_be_told_about_a_number(start_passive: Callable[..., PassiveRun]) -> None:
    passive = start_passive()
    number = "CASE~security/sign-missing~1"
    assert (
        ask(passive.server.base_url, "POST", "/_contract/claim", {"outcome": "closed", "org_req_seq_id": number})[0]
        == 409
    )
    once = client(passive, kind=mutants.CLIENTS["missing-sign-ok"])
    said = once.close(org_req_seq_id=number, **ORDER).verdict
    assert said == "closed"
    told = {"outcome": said, "org_req_seq_id": number}
    assert ask(passive.server.base_url, "POST", "/_contract/claim", told)[0] == 204
    passive._threads[-1].join(60)  # a claim ends it at once
    result = found(passive, "security/sign-missing")
    assert (result.verdict, result.claim) == (Verdict.FAIL, "closed")
    assert "L5" in result.laws


def test_a_number_that_names_no_case_is_an_order_like_any_other(start_passive: Callable[..., PassiveRun]) -> None:
    passive = start_passive()
    assert client(passive).close(org_req_seq_id="CASE~response/none~1", **ORDER).verdict == "not_closed"
    assert client(passive).close(org_req_seq_id="CASE~", **ORDER).verdict == "not_closed"
    assert passive.exit is Exit.NOTHING


def test_a_number_that_names_no_case_is_told_once_with_the_case_that_was_meant(
    start_passive: Callable[..., PassiveRun],
) -> None:
    told: list[str] = []
    passive = start_passive()
    passive.on_unknown = lambda trouble: told.append(str(trouble))
    for _ in range(2):
        client(passive).close(org_req_seq_id="CASE~response/stat-s-with-00000000~1", **ORDER)
    wanted = "no case is called 'response/stat-s-with-00000000'; did you mean response/stat-p-with-00000000?"
    assert told == [wanted]


def test_of_two_calls_at_once_with_a_number_that_names_no_case_one_tells_it(
    start_passive: Callable[..., PassiveRun],
) -> None:
    told: list[str] = []
    passive = start_passive()
    passive.on_unknown = lambda trouble: told.append(str(trouble))

    def call() -> None:
        passive.session("CASE~none~1", {}, close=True)

    class Interrupted(set[str]):
        """While the first call looks whether it was told, the second one comes, and goes as far as it may."""

        other = Thread(target=call)

        def __contains__(self, number: object) -> bool:
            found = super().__contains__(number)
            if self.other.ident is None:
                self.other.start()
                if not passive._lock.locked():
                    self.other.join()
            return found

    passive._unknown = Interrupted()
    call()
    Interrupted.other.join()
    assert told == ["no case is called 'none'; `huifu-contract cases --list` lists them"]


# -- the loop


def agent(passive: PassiveRun, kind: type[Client] = Client, *, tells: bool = True) -> None:
    """What a team writes: ask, close, tell, until there is no more."""
    base, config = passive.server.base_url, Config.of(passive.server.default.credentials())
    while True:
        status, turn = ask(base, "GET", "/_contract/next?" + urlencode({"agent": "shop"}))
        if status == 204:
            return
        said = client(passive, turn["base_url"], kind, config).close(**turn["params"])
        if tells:
            assert ask(base, "POST", "/_contract/claim", {"outcome": said.verdict})[0] == 204


QUICK = ("control/*", "request/[!t]*", "security/[brsu]*", "response/p-then-query", "repeat/*",
         "transport/retry-same-or-query")  # fmt: skip
"""Without the cases that are dozens of examples of one kind, replies of a stranger's and texts of all sorts."""


@pytest.mark.parametrize(
    ("tells", "cases"),
    [
        (True, (*QUICK, "request/t*")),
        (False, QUICK),
        pytest.param(True, (*QUICK, "request/t*", "security/*"), marks=pytest.mark.extended),
    ],
)
def test_the_reference_passes_the_loop_with_and_without_claims(
    tells: bool, cases: tuple[str, ...], start_passive: Callable[..., PassiveRun]
) -> None:
    passive = start_passive(cases=cases)
    agent(passive, tells=tells)
    run = passive.finish()
    odd = {one.id: (one.verdict, one.signature or one.root) for one in run.cases if one.verdict not in _FINE}
    assert odd == {}
    skipped = {one.id for one in run.cases if one.verdict is Verdict.SKIP}
    refused = set() if tells else {"request/neither-id", "request/over-length"}
    assert skipped == {
        "repeat/config-of-each-call",
        "request/date-in-china-time",
        "request/seq-unique-across-processes",
        *refused,
    }
    assert passive.exit is Exit.OK


_FINE = (Verdict.PASS, Verdict.NOTE, Verdict.SKIP)


@pytest.mark.parametrize(
    ("kind", "tells", "case"),
    [
        ("new-seq-on-retry", False, "transport/retry-same-or-query"),
        ("missing-sign-ok", True, "security/sign-missing"),
        ("trims-values", False, "request/values-unchanged"),
        ("no-query-after-p", False, "response/p-then-query"),
    ],
)
def test_a_mutant_is_caught_by_its_case(
    kind: str, tells: bool, case: str, start_passive: Callable[..., PassiveRun]
) -> None:
    passive = start_passive(cases=(case,))
    agent(passive, mutants.CLIENTS[kind], tells=tells)
    assert found(passive, case).verdict is Verdict.FAIL
    assert passive.exit is Exit.NOT_OK


def test_an_agent_that_stops_asking_leaves_the_rest_not_run(start_passive: Callable[..., PassiveRun]) -> None:
    passive = start_passive(cases=("control/*",))
    status, turn = ask(passive.server.base_url, "GET", "/_contract/next?agent=shop")
    assert (status, turn["case"], sorted(turn)) == (
        200,
        "control/accepts-honest-success",
        ["base_url", "case", "params"],
    )
    client(passive, turn["base_url"]).close(**turn["params"])
    assert ask(passive.server.base_url, "GET", "/_contract/next?agent=shop")[0] == 200, "taken, but never made"
    run = passive.finish()
    assert [one.verdict for one in run.cases] == [Verdict.PASS, Verdict.NOT_RUN, Verdict.NOT_RUN]
    assert run.cases[1].root == "no traffic"


def test_an_agent_that_only_asks_passes_nothing(start_passive: Callable[..., PassiveRun]) -> None:
    passive = start_passive(
        cases=("control/*", "request/neither-id", "transport/lost-after-close", "security/sign-missing")
    )
    while ask(passive.server.base_url, "GET", "/_contract/next?agent=shop")[0] == 200:
        pass
    assert {one.verdict for one in passive.finish().cases} == {Verdict.FAIL, Verdict.SKIP}


def test_wrong_requests_are_told_what_would_be_right(start_passive: Callable[..., PassiveRun]) -> None:
    base = start_passive().server.base_url
    assert "ask for shop" in ask(base, "GET", "/_contract/next?agent=other")[1]["detail"]
    assert "GET /_contract/next" in ask(base, "GET", "/_contract/nothing")[1]["detail"]
    for claim in (b"", b"[]", {"outcome": "yes"}, {}):
        status, told = ask(base, "POST", "/_contract/claim", claim)
        assert (status, "not_closed" in told["detail"]) == (400, True)
    status, told = ask(base, "POST", "/_contract/claim", {"outcome": "closed"})
    assert status == 409
    assert told["errors"][0]["field"] == "the claim", "a problem document, as the control API answers"


# -- the report and the end


def test_the_report_is_there_before_the_end_and_after_every_case(
    start_passive: Callable[..., PassiveRun], tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    passive = start_passive(report=report)
    assert {one.verdict for one in results.read(report).cases} == {Verdict.NOT_RUN}
    client(passive).close(org_req_seq_id="CASE~control/accepts-honest-success~1", **ORDER)
    assert _quiet(passive)
    kept = {one.id: one.verdict for one in results.read(report).cases if one.verdict is not Verdict.NOT_RUN}
    assert kept == {"control/accepts-honest-success": Verdict.PASS}


def test_a_required_case_without_traffic_is_no_success(start_passive: Callable[..., PassiveRun]) -> None:
    passive = start_passive(require=("control/accepts-*", "response/stat-p-pending"))
    client(passive).close(org_req_seq_id="CASE~control/accepts-honest-success~1", **ORDER)
    assert _quiet(passive)
    passive.finish()
    assert [case.id for case in passive.unmet()] == ["response/stat-p-pending"]
    assert passive.exit is Exit.NOT_OK


def test_only_what_passive_mode_can_see_is_listed(start_passive: Callable[..., PassiveRun]) -> None:
    listed = {one.id for one in start_passive().result().cases}
    assert listed == {name for name, record in catalogue().items() if record.grades & {"wire", "decision"}}


def test_the_command_ends_when_nothing_is_heard_and_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    report = tmp_path / "deep" / "r.json"
    line = ["passive", "--agent", "shop", "--port", "0", "--until-idle", "0.2", "--report", str(report)]
    assert main(line) == Exit.NOTHING
    assert main([*line, "--require", "control/*"]) == Exit.NOT_OK
    out = capsys.readouterr().out
    assert "required, but not-run: control/accepts-honest-success (no traffic)" in out
    assert "/_contract/next?agent=shop" in out
    assert "NOT-RUN" not in out, "a line for each would bury the rest"
    assert f"{len(results.read(report).cases)} cases were not run" in out
    assert results.read(report).client["spec"] == "passive:shop"


@pytest.mark.parametrize(
    "wrong",
    [["--until-idle", "0"], ["--quiet", "-1"], ["--require", "nothing/*"], ["--case", "x/y"], ["--claim", "order"]],
)
def test_a_wrong_option_is_a_usage_error(wrong: list[str]) -> None:
    assert main(["passive", "--agent", "shop", "--port", "0", "--until-idle", "0.2", *wrong]) == Exit.USAGE


# -- the parts


def test_a_turn_is_over_with_its_claim_or_with_the_next_question() -> None:
    turns = Waiting()
    said: list[Outcome] = []

    def case() -> None:
        said.extend(turns.play(Rendezvous("a/b", "http://x", {}), 60) for _ in range(2))
        turns.end()

    thread = Thread(target=case, daemon=True)
    thread.start()
    assert turns.next(Question()) is not None
    assert turns.claim(Outcome("closed"))
    assert not turns.claim(Outcome("closed")), "it is over"
    assert turns.next(Question()) is not None
    assert turns.next(Question()) is None
    thread.join(60)
    assert said == [Outcome("closed"), UNSAID]


def test_who_hangs_up_while_asking_takes_no_turn_away() -> None:
    turns, gone = Waiting(), Question()
    asking = Thread(target=turns.next, args=(gone,), daemon=True)
    asking.start()
    turns.leave(gone)
    asking.join(60)
    case = Thread(target=turns.play, args=(Rendezvous("a/b", "http://x", {}), 60), daemon=True)
    case.start()
    turn = turns.next(Question())
    assert turn is not None
    assert turn.case == "a/b"
    turns.end()
    case.join(60)


def test_quiet_is_counted_from_the_end_of_the_last_reply() -> None:
    now = [0.0]
    record = catalogue()["control/accepts-honest-success"]
    visit = OrderSession(record, {}, {}, 5.0, now=lambda: now[0])
    visit.enter()
    now[0] = 100.0
    visit.leave()
    assert visit._last == 100.0
    now[0] = 105.0
    assert visit.until_quiet() is UNSAID


def test_without_a_claim_nothing_is_said_about_claims() -> None:
    assert unsaid(Evidence(UNSAID))
    assert not unsaid(Evidence(Outcome("unknown")))
    assert not visible(Broken("L2", "claims unknown although an honest answer could be had"))
    assert not visible(Broken("C", "claims unknown after a genuine success"))
    assert visible(Broken("C", "a P was not followed by a closequery"))
    assert visible(Broken("L4", "more attempts than declared"))


def test_every_condition_on_a_claim_can_be_told_from_the_others() -> None:
    """`visible` stands on the wording: what a case says of a claim begins with `claims {e.claim}`."""
    modules = {record.run.__module__ for record in catalogue().values() if record.grades & {"wire", "decision"}}
    for name in sorted(modules):
        source = Path(str(sys.modules[name].__file__)).read_text(encoding="utf-8")
        for line in source.splitlines():
            if "{e.claim}" in line and ("Broken(" in line or "demand(" in line):
                assert 'f"claims {' in line, line


def test_the_old_name_of_the_command_works_and_says_the_new_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lead", "--agent", "shop", "--port", "0", "--timeout", "-1"]) == Exit.USAGE
    assert "the command lead is now called passive" in capsys.readouterr().err
    assert main(["--help"]) == Exit.OK
    assert "lead" not in capsys.readouterr().out
