"""`--keep`: a failing case can be looked at where it happened, in the console of the server that it ran against."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from huifu_contract.cli import client
from huifu_contract.cli.main import main
from huifu_contract.grading import results
from huifu_contract.grading.results import CaseResult, Verdict
from huifu_contract.mutants import mutants
from huifu_contract.passive.run import PassiveRun
from huifu_contract.reference import Config
from huifu_mock import Server, connect

CASE = "response/stat-f-beats-code"
WRONG = """from huifu_contract.mutants import replies
from huifu_contract.mutants.registry import CLIENTS
from huifu_contract.reference.app import App


class make_client(App):
    client = CLIENTS["code-decides"]
"""
FILES = ("--report", "r.json", "--html", "m.html")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return tmp_path


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def graded(*options: str, spec: str = "py:wrong:make_client") -> tuple[int, CaseResult]:
    """The exit code, and the result of the case that the wrong client fails."""
    given = ["client", "--client", spec, "--case", CASE, "--seed", "0", "-n", "1", "--grade", "decision"]
    ended = main([*given, *options, *FILES])
    return ended, next(case for case in results.read(Path("r.json")).cases if case.id == CASE)


def test_the_report_links_to_the_failing_call_in_the_tenant_that_was_left(
    folder: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, case = graded("--keep", server.base_url)
    assert (ended, case.verdict) == (1, Verdict.FAIL)
    link = urlsplit(case.console)
    query = parse_qs(link.query)
    assert f"{link.scheme}://{link.netloc}" == server.base_url
    kept = server.find(query["tenant"][0])
    calls = kept.journal.calls(session=query["session"][0])
    assert calls[-1].id == link.fragment
    assert calls[-1].resp_code == "00000000"
    assert f"look:        {case.console}" in capsys.readouterr().out
    assert f'"console":{json.dumps(case.console)}'.replace("&", "\\u0026") in (folder / "m.html").read_text("utf-8")


def test_the_tenants_of_a_run_without_a_failure_are_dropped(server: Server) -> None:
    before = server.about()["tenants"]
    ended, case = graded("--keep", server.base_url, spec="py:huifu_contract.reference.app:make_client")
    assert (ended, case.console) == (0, "")
    assert server.about()["tenants"] == before


def test_without_a_server_the_one_of_the_run_goes_on_until_it_is_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def look() -> None:
        printed = re.search(r"look: +(\S+)", capsys.readouterr().out)
        assert printed is not None
        with urlopen(printed[1]) as page:
            seen.append(page.status)

    monkeypatch.setattr(client, "hold", look)
    ended, _ = graded("--keep")
    assert (ended, seen) == (1, [200])
    graded("--keep", spec="py:huifu_contract.reference.app:make_client")
    assert seen == [200], "there is nothing to look at, so it ends"


def test_without_keep_nothing_is_linked() -> None:
    assert graded()[1].console == ""


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "127.0.0.1"])
def test_a_server_that_is_not_there_is_said_with_the_command_that_starts_one(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["client", "--client", "py:wrong:make_client", "--keep", address]) == 4
    told = capsys.readouterr().err
    assert f"--keep {address}:" in told
    assert told.count("start one with: huifu-mock serve") == (address != "127.0.0.1"), "once, where that is missing"


# -- passive mode

NO_QUERY = "response/p-then-query"
BY_NUMBER = f"CASE~{NO_QUERY}~first"


def close(run: PassiveRun, kind: str, base_url: str, params: dict[str, str]) -> None:
    config = Config.of(run.server.default.credentials())
    mutants.CLIENTS[kind](base_url, config, timeout_s=2.0, attempt_s=0.4).close(**params)


def by_number(run: PassiveRun, kind: str) -> None:
    close(run, kind, run.server.base_url, {"org_req_date": "20240405", "org_req_seq_id": BY_NUMBER})


def one_after_the_other(run: PassiveRun, kind: str) -> None:
    while True:
        with urlopen(f"{run.server.base_url}/_contract/next?agent=shop") as told:
            if told.status == 204:
                return
            work = json.loads(told.read())
        close(run, kind, work["base_url"], work["params"])


def passive(
    monkeypatch: pytest.MonkeyPatch, calls: Callable[[PassiveRun, str], None], kind: str, *options: str
) -> tuple[int, CaseResult]:
    """The same as `graded` for a client that makes these calls while the server waits for some."""
    monkeypatch.setattr(PassiveRun, "wait", lambda run, _idle: calls(run, kind))
    given = ["passive", "--agent", "shop", "--port", "0", "--case", NO_QUERY, "--timeout", "2", "--claim", "query"]
    ended = main([*given, *options, *FILES])
    return ended, next(case for case in results.read(Path("r.json")).cases if case.id == NO_QUERY)


@pytest.mark.parametrize("calls", [by_number, one_after_the_other])
def test_a_passive_run_links_to_the_failing_call_and_its_server_goes_on(
    calls: Callable[[PassiveRun, str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = []

    def look() -> None:
        printed = re.search(r"look: +(\S+)", capsys.readouterr().out)
        assert printed is not None
        link = urlsplit(printed[1])
        query = parse_qs(link.query)
        tenant = connect(f"{link.scheme}://{link.netloc}").find(query["tenant"][0])
        call = tenant.journal.get(link.fragment)
        known = call.session if "session" in query else call.data["org_req_seq_id"]
        shown.append((printed[1], known == (query.get("session") or query["q"])[0], call.resp_code))

    monkeypatch.setattr(client, "hold", look)
    ended, case = passive(monkeypatch, calls, "no-query-after-p", "--keep")
    assert (ended, case.verdict) == (1, Verdict.FAIL)
    assert shown == [(case.console, True, "00000100")]


def test_a_passive_run_without_a_failure_or_without_keep_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "hold", lambda: pytest.fail("it waits for Ctrl-C"))
    assert passive(monkeypatch, by_number, "reference", "--keep")[1].verdict is Verdict.PASS
    assert passive(monkeypatch, by_number, "no-query-after-p")[1].console == ""


def test_a_number_that_comes_while_the_failures_are_looked_at_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[PassiveRun] = []

    def fails(run: PassiveRun, kind: str) -> None:
        runs.append(run)
        by_number(run, kind)

    def look() -> None:
        number = "CASE~control/accepts-honest-success~late"
        close(runs[0], "reference", runs[0].server.base_url, {"org_req_date": "20240405", "org_req_seq_id": number})

    monkeypatch.setattr(client, "hold", look)
    assert passive(monkeypatch, fails, "no-query-after-p", "--keep", "--case", "control/*")[1].verdict is Verdict.FAIL
    late = next(case for case in results.read(Path("r.json")).cases if case.id == "control/accepts-honest-success")
    assert late.verdict is Verdict.NOT_RUN
