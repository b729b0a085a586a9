"""The pytest front end, driven as a team would drive it."""

from __future__ import annotations

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path

import inner_run  # noqa: F401  # loads what must not be loaded twice
import made_results
import pytest

from huifu_contract.pytest_cases import told

pytest_plugins = ["pytester"]

CONFTEST = """
import pytest
from huifu_contract.reference import Client, Config
from huifu_contract import Outcome, describes

@pytest.fixture(scope="session")
def close_client():
    @describes(name="shop", version="1", claims=["query", "retry"], timeout_s=2)
    def close(config, base_url, params):
        return Client(base_url, Config.of(config), timeout_s=2, attempt_s=0.5).close(**params)
    return close
"""
TEST = """
from huifu_contract import conformance_cases

@conformance_cases(profiles=["wire", "decision"], cases=["control/*", "request/by-*", "response/stat-*"])
def test_close_contract(conformance_case, close_client):
    conformance_case.check(close_client)
"""
BROKEN = CONFTEST.replace(
    "return Client(base_url, Config.of(config), timeout_s=2, attempt_s=0.5).close(**params)",
    """outcome = Client(base_url, Config.of(config), timeout_s=2, attempt_s=0.5).close(**params)
        return Outcome("closed") if (outcome.seen or {}).get("trans_stat") == "P" else outcome""",
)


@pytest.fixture
def team(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project of a team with one conformance test."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TEST)
    return pytester


INSTALLED = any(one.value == "huifu_contract.pytest_plugin" for one in entry_points(group="pytest11"))
PLUGINS = () if INSTALLED else ("-p", "huifu_contract.pytest_plugin")  # twice would be once too often
OPTIONS = (*PLUGINS, *(word for name in ("cacheprovider", "asyncio", "schemathesis") for word in ("-p", f"no:{name}")))


def run(team: pytest.Pytester, *args: str) -> pytest.RunResult:
    """A run of the team's tests in this process, where everything is imported already."""
    return team.runpytest_inprocess(*OPTIONS, *args)


def test_one_item_a_case_and_all_pass(team: pytest.Pytester) -> None:
    result = team.runpytest_subprocess(*OPTIONS, "-v", timeout=120)
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["*test_close_contract?response/stat-f-beats-code? PASSED*"])


def test_a_failure_tells_law_claim_truth_and_traffic_and_leaves_a_replay(team: pytest.Pytester) -> None:
    team.makeconftest(BROKEN)
    result = run(team)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*FAIL MUST response/stat-p-pending: L1: claims closed, but the order is not closed*",
            "*stands on:*",
            "*claim:*closed*truth: not closed, a close is in flight*",
            "*client -> close*00000100 P*",
            "*again:*--huifu-replay*",
        ]
    )
    replay = next(team.path.glob("huifu-replays/response/stat-p-pending/*.json"))
    run(team, "--huifu-replay", str(replay)).assert_outcomes(failed=1, deselected=8)


def test_each_broken_law_of_a_failure_has_a_line_of_its_own() -> None:
    run = made_results.run("php", {"security/foreign-reply": f"{made_results.L1}; {made_results.L5}"})
    (failed,) = [case for case in run.cases if case.id == "security/foreign-reply"]
    first, second, *_ = told(failed).splitlines()
    assert first == f"FAIL {failed.level} security/foreign-reply: {made_results.L1}"
    assert second.strip() == made_results.L5


def test_known_failures_are_strict_xfails(team: pytest.Pytester) -> None:
    team.makeconftest(BROKEN)
    entry = '[[known]]\ncase = "response/stat-p-pending"\nreason = "being fixed"\n'
    known = team.path / "huifu-contract-known.toml"
    known.write_text(entry + entry.replace("p-pending", "p-with-00000000"), encoding="utf-8")
    run(team).assert_outcomes(passed=7, xfailed=2)
    known.write_text(entry.replace("p-pending", "f-beats-code"), encoding="utf-8")
    result = run(team, "--huifu-case", "response/stat-f*")
    result.assert_outcomes(failed=1, deselected=8)
    result.stdout.fnmatch_lines(["*FIXED*listed as known (being fixed), but it passes*"])


def test_k_and_junitxml_and_the_report_work(team: pytest.Pytester) -> None:
    told = ("-W", "default::pytest.PytestWarning")  # that record_property and xunit2 do not go together
    result = run(team, *told, "-k", "by-org-req", "--junitxml", "out.xml", "--huifu-report", "out.json")
    result.assert_outcomes(passed=1, deselected=8)
    assert 'name="level" value="MUST"' in (team.path / "out.xml").read_text()
    document = json.loads((team.path / "out.json").read_text())
    assert {case["id"] for case in document["cases"]} >= {"control/second-call", "request/by-org-req-seq-id"}


def test_xdist_spreads_the_cases(team: pytest.Pytester) -> None:
    run(team, "-n", "2").assert_outcomes(passed=9)


def test_without_an_own_client_the_fixture_explains_itself(team: pytest.Pytester) -> None:
    (team.path / "conftest.py").unlink()
    result = run(team, "-k", "stat-f")
    result.assert_outcomes(errors=1, deselected=8)
    result.stdout.fnmatch_lines(["*override the fixture close_client in your conftest.py*"])


def test_a_client_of_another_language_can_be_named_instead(team: pytest.Pytester) -> None:
    (team.path / "conftest.py").unlink()
    client = Path(__file__).parent.parent / "huifu_contract" / "mutants" / "stdlib_client.py"
    result = run(team, "-k", "stat-f", "--huifu-client", f"cmd:{sys.executable} {client}")
    result.assert_outcomes(passed=1, deselected=8)


@pytest.mark.parametrize(
    "args", [["--huifu-case", "no/such"], ["--huifu-known", "missing.toml"], ["--huifu-replay", "missing.json"]]
)
def test_a_wrong_option_is_a_usage_error_and_never_green(team: pytest.Pytester, args: list[str]) -> None:
    assert run(team, *args).ret not in (0, 5)


CLIENT = f"cmd:{sys.executable} {Path(__file__).parent.parent / 'huifu_contract' / 'mutants' / 'stdlib_client.py'}"


def test_header_and_summary_tell_what_was_chosen_and_the_counts_of_each_grade(team: pytest.Pytester) -> None:
    team.makeini("[pytest]\nhuifu_profile = quick\nhuifu_known = listed.toml\n")
    team.makeconftest(BROKEN)
    entry = '[[known]]\ncase = "response/stat-p-pending"\nreason = "being fixed"\n'
    (team.path / "listed.toml").write_text(entry, encoding="utf-8")
    args = ["--huifu-seed", "7", "--huifu-level", "must", "--huifu-case", "response/stat-*", "--huifu-html", "m/x.html"]
    result = run(team, *args, "--huifu-report", "x.json")
    result.assert_outcomes(failed=1, passed=2, xfailed=1, deselected=5)
    result.stdout.fnmatch_lines(
        [
            "huifu-contract: profile quick, level must, known listed.toml, cases response/stat-[*], seed 7 (not port*",
            "*= huifu-contract =*",
            "client shop 1: profile quick, level must",
            "  wire      no case ran",
            "  decision  2 pass, 1 fail, 1 known",
            "  hook      not offered by the client",
            "  seed 7 (not portable, use the replay)",
            "  wrote x.json",
            "  wrote *x.html",
        ]
    )
    assert json.loads((team.path / "x.json").read_text())["seed"] == 7
    assert "response/stat-p-pending" in (team.path / "m" / "x.html").read_text("utf-8")


def test_workers_of_xdist_hand_in_one_result(team: pytest.Pytester) -> None:
    result = run(team, "-n", "2", "--huifu-report", "x.json", "--huifu-html", "x.html")
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["*= huifu-contract =*", "  decision  4 pass"])
    document = json.loads((team.path / "x.json").read_text())
    assert document["counts"] == {"pass": 9}
    assert {path.name for path in team.path.glob("x*")} == {"x.json", "x.html"}


def test_the_seed_of_hypothesis_is_taken_unless_there_is_one_of_ours(team: pytest.Pytester) -> None:
    def seed(*args: str) -> object:
        run(team, "-k", "stat-f", "--huifu-report", "x.json", *args).assert_outcomes(passed=1, deselected=8)
        return json.loads((team.path / "x.json").read_text())["seed"]

    assert seed("--hypothesis-seed", "11") == 11
    assert seed("--hypothesis-seed", "11", "--huifu-seed", "3") == 3


def test_a_budget_that_is_too_small_leaves_properties_not_run_and_not_green(team: pytest.Pytester) -> None:
    team.makepyfile(TEST.replace("response/stat-*", "response/unlisted-*"))
    result = run(team, "--huifu-budget", "0.02s", "-k", "unlisted")
    result.assert_outcomes(failed=2, deselected=5)
    result.stdout.fnmatch_lines(["*NOT-RUN*the budget of 0.02 s is used up*"])


def test_the_settings_file_names_the_client_and_a_fixture_of_the_team_goes_before_it(team: pytest.Pytester) -> None:
    quoted = json.dumps(CLIENT)
    (team.path / "huifu-contract.toml").write_text(f'client = {quoted}\nreport = "out/x.json"\n', "utf-8")
    named = run(team, "-k", "stat-f")
    named.assert_outcomes(passed=1, deselected=8)
    named.stdout.fnmatch_lines(["huifu-contract: client cmd:*from huifu-contract.toml", "client shop 1:*"])
    (team.path / "conftest.py").unlink()
    run(team, "-k", "stat-f").stdout.fnmatch_lines(["client stdlib*"])
    assert (team.path / "out" / "x.json").exists()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("huifu-contract.toml", "cleint = 'x'", "*no key is called 'cleint'; there are budget, client,*"),
        ("pytest.ini", "[pytest]\nhuifu_profile = fast\n", "*huifu_profile is one of quick, ci, deep, not 'fast'*"),
    ],
)
def test_a_wrong_file_ends_with_4_before_anything_runs(team: pytest.Pytester, name: str, text: str, says: str) -> None:
    (team.path / name).write_text(text, "utf-8")
    result = run(team)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([says])


def test_nobody_who_does_not_use_the_kit_hears_of_it(team: pytest.Pytester) -> None:
    team.makepyfile("def test_something(): pass")
    (team.path / "conftest.py").unlink()
    result = run(team)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*huifu-contract:*")
    result.stdout.no_fnmatch_line("*= huifu-contract =*")


def test_the_plugin_loads_nothing_heavy(team: pytest.Pytester) -> None:
    code = (
        "import sys, huifu_contract.pytest_plugin as p, huifu_contract.settings_file as s, pathlib\n"
        "s.find(pathlib.Path())\n"
        "heavy = {'aiohttp', 'hypothesis', 'rich', 'cryptography', 'jsonschema', 'jsonschema_rs'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert team.run(sys.executable, "-c", code).ret == 0
