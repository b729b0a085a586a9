"""Grading a server: the fake passes everything, a stranger's server is probed, and trouble is told apart."""

from __future__ import annotations

import http.server
import json
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from server_parts import MovedTime, stored, stranger

import huifu_mock
from huifu_contract.cli.main import main
from huifu_contract.failures import ForeignServer, SetupTrouble
from huifu_contract.grading.results import Exit, Verdict
from huifu_contract.reference import Config
from huifu_contract.reports.failures import label
from huifu_contract.server.grade import Options, grade
from huifu_contract.server.registry import catalogue, select
from huifu_contract.server.results import ServerRun
from huifu_contract.server.target import Target
from huifu_mock.codes import Reason

NAME = re.compile(r"[a-z]+_[a-z_]+( [\w-]+ ?)?|[UD]_[A-Z]+|data")
"""Of a member, with a value, or of a trade type: the same in both languages."""
NO_WALK = ("server/[!s]*", "server/s[!t]*")


@pytest.fixture(scope="module")
def server() -> Iterator[huifu_mock.Server]:
    with huifu_mock.Server(orders=[]) as running:
        yield running


def verdicts(run: ServerRun) -> dict[str, str]:
    return {case.id.removeprefix("server/"): case.verdict.value for case in run.cases}


def test_the_fake_passes_every_case_and_is_only_recorded_where_the_specification_is_silent(
    server: huifu_mock.Server,
) -> None:
    found = grade(Target(server.base_url))
    assert len(found.cases) == 26
    assert {name for name, verdict in verdicts(found).items() if verdict != "pass"} == {"either-or-both"}
    assert found.exit is Exit.OK
    labels = {seen.label for case in found.cases for seen in case.observed}
    assert not [each for each in labels if label("zh", each) == each and not NAME.fullmatch(each)], "all have Chinese"
    assert server.about()["tenants"] == [server.default.sys_id], "the tenant made for the run is gone"


def test_the_older_codes_and_the_gateway_status_for_bad_signatures_are_right_as_well(
    server: huifu_mock.Server,
) -> None:
    tenant = server.tenant(legacy_codes=True, bad_signature="http-922")
    one_walk = Options(seed=1)  # with which the sequences meet everything the first time they set out
    found = grade(Target(server.base_url, config=Config.of(tenant.credentials())), one_walk)
    assert set(verdicts(found).values()) == {"pass", "note"}
    assert tenant.clock.mode == "running"
    facts = next(case for case in found.cases if case.id == "server/bad-sign").observed[0].facts
    assert (facts["status"], facts.get("unreadable")) == ("922", "not readable")


def test_a_server_without_a_control_plane_is_blocked_where_there_is_no_order_and_skipped_where_there_can_be_none(
    server: huifu_mock.Server,
) -> None:
    found = grade(stranger(server.tenant()))
    assert {name for name, verdict in verdicts(found).items() if verdict == "blocked"} == {
        *("either-or-both", "union-pay", "digital-currency", "final-order", "second-close", "bad-sign"),
        *("one-minute-59s", "one-minute-60s", "one-minute-61s"),
        *("same-request-same-result", "seq-reuse-other-order", "concurrent-close"),
    }
    assert verdicts(found)["state-machine"] == "skip"
    assert found.exit is Exit.NOT_OK


def test_a_pool_of_orders_is_enough_for_all_but_the_walks(server: huifu_mock.Server) -> None:
    tenant = server.tenant(huifu_ids=["6666000000000000", "6666000000000001"])
    tenant.clock.freeze()
    time = MovedTime(tenant)
    add = tenant.orders.add
    pool = [stored("open", add()) for _ in range(8)]
    pool += [stored("paid", add(trans_stat="S")), stored("failed", add(trans_stat="F"))]
    pool += [stored("union-pay", add(trade_type="U_NATIVE")), stored("digital-currency", add(trade_type="D_NATIVE"))]
    pool += [stored("other-merchant", add(huifu_id="6666000000000001"))]
    young = [add(age_seconds=0) for _ in range(3)]
    pool += [stored("open", order, created_at=order.created_at) for order in young]
    found = grade(stranger(tenant, orders=tuple(pool)), Options(allow_wait=75), time=time)
    ids = verdicts(found)
    assert {name for name, verdict in ids.items() if verdict not in ("pass", "note")} == {"state-machine"}, ids
    assert time.waited[0] == 58.5, "an order that must be younger than a minute is closed half a second early"
    closed = [order for order in tenant.orders.list() if order.close_stat == "S"]
    assert len(closed) == 9, "one open order only lends its name to the number that was used before"


def test_no_order_of_the_pool_is_used_twice(server: huifu_mock.Server) -> None:
    tenant = server.tenant()
    pool = (stored("open", tenant.orders.add()),)
    found = grade(stranger(tenant, orders=pool), Options(cases=("server/second-close", "server/bad-sign")))
    assert verdicts(found) == {"second-close": "pass", "bad-sign": "blocked"}


def test_a_hook_makes_orders_and_waiting_is_only_done_where_it_is_allowed(
    server: huifu_mock.Server, tmp_path: Path
) -> None:
    tenant = server.tenant()
    tenant.clock.freeze()
    order = tenant.orders.add(age_seconds=0)
    told = {"org_req_date": order.req_date, "org_req_seq_id": order.req_seq_id}
    hook = tmp_path / "hook.py"
    hook.write_text(f"import json, sys\nassert json.load(sys.stdin)['state'] == 'open'\nprint({json.dumps(told)!r})\n")
    target = stranger(tenant, hook=(sys.executable, str(hook)))
    time = MovedTime(tenant)
    only = ("server/one-minute-61s",)
    blocked = grade(target, Options(cases=only), time=time)
    assert (blocked.cases[0].verdict, time.waited) == (Verdict.BLOCKED, [])
    assert "--allow-wait 62s" in blocked.cases[0].root or "--allow-wait 63s" in blocked.cases[0].root
    found = grade(target, Options(cases=only, allow_wait=75), time=time)
    assert verdicts(found) == {"one-minute-61s": "pass"}
    assert time.waited == [61.5]


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("print('no json')", "not one JSON object"),
        ('print(\'{"org_req_date": "2026"}\')', "is no order"),
        ("raise SystemExit(3)", "ended with 3"),
    ],
)
def test_a_hook_that_does_wrong_is_told_what(
    server: huifu_mock.Server, tmp_path: Path, script: str, complaint: str
) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text(script)
    target = stranger(server.tenant(), hook=(sys.executable, str(hook)))
    with pytest.raises(SetupTrouble, match=complaint):
        grade(target, Options(cases=("server/final-order",)))


def test_a_hook_may_have_no_order_in_a_state(server: huifu_mock.Server, tmp_path: Path) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text("print('null')")
    target = stranger(server.tenant(), hook=(sys.executable, str(hook)))
    found = grade(target, Options(cases=("server/final-order",)))
    assert found.cases[0].root == "the hook has no order in state paid"


def test_requests_keep_the_pace_that_is_set(server: huifu_mock.Server) -> None:
    tenant = server.tenant()
    time = MovedTime()
    grade(stranger(tenant, rate=2.0), Options(cases=("server/either-or-neither",)), time=time)
    assert time.waited == [0.5, 0.5, 0.5], "four requests, half a second apart"


class Page(http.server.BaseHTTPRequestHandler):
    """Answers everything with a page."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: object) -> None:
        pass


def test_a_server_that_speaks_no_json_is_one_root_cause(server: huifu_mock.Server) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        target = replace(stranger(server.tenant()), base_url=f"http://127.0.0.1:{other.server_port}")
        found = grade(target)
        other.shutdown()
    ids = verdicts(found)
    assert ids.pop("signed-reply") == "fail"
    assert set(ids.values()) == {"blocked"}
    assert len({case.root for case in found.cases if case.root}) == 1


class OwnCode(Page):
    """Answers everything with its own error code, signed or not."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"data": {"resp_code": "40301", "resp_desc": "invalid tenant"}, "sign": ""}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_server_that_answers_everything_with_its_own_code_gets_one_sentence_and_exit_3(
    server: huifu_mock.Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = server.tenant()
    place = tmp_path / "target.toml"
    keys = {"sys_id", "product_id", "huifu_id", "merchant_private_key", "huifu_public_key"}
    place.write_text("".join(f"{n} = {json.dumps(v)}\n" for n, v in tenant.credentials().items() if n in keys))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), OwnCode) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        code = main(["server", "--base-url", url, "--target", str(place)])
        other.shutdown()
    told = capsys.readouterr()
    assert (code, told.out) == (3, "")
    assert told.err.startswith(f"huifu-contract: {url} answers every request with 40301 'invalid tenant'")
    assert len(told.err.strip().splitlines()) == 1


def test_wrong_keys_are_such_a_server_too(server: huifu_mock.Server) -> None:
    mine, other = Config.of(server.tenant().credentials()), server.tenant()
    wrong = replace(mine, sys_id=other.sys_id)
    with pytest.raises(ForeignServer, match="answers every request with 10000000"):
        grade(Target(server.base_url, config=wrong, admin=False))


def test_nobody_there_is_a_matter_of_the_set_up(server: huifu_mock.Server) -> None:
    with pytest.raises(SetupTrouble, match="no server answers"):
        grade(replace(stranger(server.tenant()), base_url="http://127.0.0.1:9"))
    with pytest.raises(SetupTrouble, match="numbers and keys in a target file"):
        grade(Target("http://127.0.0.1:9"))


def test_a_should_is_only_noted_where_musts_alone_are_enforced(server: huifu_mock.Server) -> None:
    from broken_servers.bugs import BUGS

    bug = next(bug for bug in BUGS if bug.name == "unsorted-reply")
    options = Options(cases=("server/canonical-bytes",))
    with bug.plant():
        assert grade(Target(server.base_url), options).exit is Exit.NOT_OK
        found = grade(Target(server.base_url), replace(options, level="must"))
    assert (found.exit, found.cases[0].verdict) == (Exit.OK, Verdict.NOTE)
    assert "canonical form" in found.cases[0].signature


def test_nothing_secret_gets_into_a_result(server: huifu_mock.Server) -> None:
    tenant = server.tenant()
    target = Target(server.base_url, config=Config.of(tenant.credentials()))
    text = json.dumps(grade(target, Options(cases=NO_WALK)).document(), ensure_ascii=False)
    for secret in (tenant.merchant_private_key, tenant.webhook_key, tenant.merchant_private_key[400:448]):
        assert secret not in text


def test_the_catalogue_has_the_cases_that_are_promised() -> None:
    assert len(catalogue()) == 26
    assert len(select(["server/one-minute-*"])) == 3
    with pytest.raises(SetupTrouble, match="no case is called"):
        select(["server/nonsense"])


def test_the_texts_are_those_that_the_fake_answers_with() -> None:
    """Written down twice on purpose; here they meet."""
    from huifu_contract.server import answers

    written = {
        (answer.resp_code, answer.resp_desc) for answer in vars(answers).values() if isinstance(answer, answers.Answer)
    }
    told = {(reason.resp_code, reason.resp_desc) for reason in Reason}
    assert told - written == {("98888888", "系统错误"), ("99999999", "系统异常,请稍后重试")}
    assert written <= told
