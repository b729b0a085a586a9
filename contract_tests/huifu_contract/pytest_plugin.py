"""The pytest plugin of the contract kit: options and fixtures. Import-light: the work is in `pytest_cases`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from huifu_contract.failures import SetupTrouble
from huifu_contract.pytest_stash import KNOWN, runs_key, settings_key
from huifu_contract.pytest_words import refuse, say

if TYPE_CHECKING:
    from huifu_contract.pytest_cases import Case, Session

TITLE = "huifu-contract"
USAGE = """
    @pytest.fixture(scope="session")
    def close_client():
        def close(config, base_url, params):
            result = CloseService(base_url, config).close(**params)   # your own code decides
            return Outcome(result.verdict, seen=result.raw)           # from huifu_contract import Outcome
        return close
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("huifu-contract", say("the contract kit of huifu-mock"))
    group.addoption("--huifu-profile", choices=("quick", "ci", "deep"), help=say("how many examples a property gets"))
    group.addoption(
        "--huifu-case", action="append", default=[], metavar="GLOB", help=say("only these cases; repeatable")
    )
    group.addoption("--huifu-level", choices=("must", "should"), help=say("what is enforced (default: should)"))
    group.addoption("--huifu-seed", type=int, metavar="N", help=say("default: that of --hypothesis-seed, else 0"))
    group.addoption("--huifu-replay", type=Path, metavar="FILE", help=say("run this example alone"))
    group.addoption("--huifu-known", type=Path, metavar="FILE", help=say(f"known failures (default: {KNOWN} if there)"))
    group.addoption("--huifu-report", type=Path, metavar="FILE.json", help=say("write the result document"))
    group.addoption("--huifu-html", type=Path, metavar="FILE", help=say("write the matrix"))
    group.addoption("--huifu-client", metavar="KIND:WHAT", help=say("instead of the fixture close_client"))
    group.addoption("--huifu-budget", metavar="90s", help=say("after this time no other conformance case begins"))
    parser.addini("huifu_known", say("known failures of the contract kit: a file, as seen from the root folder"))
    parser.addini("huifu_profile", say("how many examples a property of the contract kit gets: quick, ci or deep"))
    parser.addini("huifu_client", say("KIND:WHAT: a client to grade instead of the fixture close_client"))


def pytest_configure(config: pytest.Config) -> None:
    from huifu_contract.settings_file import ONE_OF, find

    try:
        config.stash[settings_key] = find(config.rootpath)
    except SetupTrouble as trouble:
        raise pytest.UsageError(refuse(trouble)) from None
    profile = config.getini("huifu_profile")
    if profile and profile not in ONE_OF["profile"]:
        raise pytest.UsageError(refuse(f"huifu_profile is one of {', '.join(ONE_OF['profile'])}, not {profile!r}"))
    config.stash[runs_key] = []


def pytest_report_header(config: pytest.Config) -> str | None:
    """One line about what was chosen; nothing where nobody chose anything."""
    option, file = config.option, config.stash[settings_key]
    seed = option.huifu_seed if option.huifu_seed is not None else file.seed
    told = {
        "profile": option.huifu_profile or config.getini("huifu_profile") or file.profile,
        "level": option.huifu_level or file.level,
        "client": option.huifu_client or config.getini("huifu_client") or ", ".join(file.client),
        "known": option.huifu_known or config.getini("huifu_known") or file.known,
        "cases": ", ".join(option.huifu_case),
        "budget": option.huifu_budget or file.budget,
        "replay": option.huifu_replay,
        "seed": None if seed is None else say(f"{seed} (not portable, use the replay)"),
        "from": file.place and file.place.name,
    }
    words = ", ".join(f"{say(name)} {value}" for name, value in told.items() if value)
    return f"{TITLE}: {words}" if words else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("huifu_case") or config.getoption("huifu_replay"):
        from huifu_contract.pytest_cases import deselect

        deselect(config, items)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist ended: its part of the results."""
    handed = getattr(node, "workeroutput", {}).get(TITLE, [])
    node.config.stash[runs_key].extend(handed)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[TITLE] = config.stash[runs_key]
    elif config.stash[runs_key]:
        from huifu_contract.pytest_cases import write

        write(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[runs_key]:
        from huifu_contract.pytest_cases import summary

        terminalreporter.write_sep("=", TITLE)
        for line in summary(config):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def close_client(pytestconfig: pytest.Config) -> Any:
    """Yours to override: the client that is graded."""
    from huifu_contract.pytest_cases import named_client

    if named_client(pytestconfig) is None:
        pytest.fail(say("override the fixture close_client in your conftest.py:") + "\n" + USAGE, pytrace=False)


@pytest.fixture(scope="session")
def huifu_contract_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """The gateway, the client and the controls that all conformance items of this process share."""
    from huifu_contract.pytest_cases import Session

    session = Session.of(request.config, request.session.items)
    yield session
    session.close()
    request.config.stash[runs_key].extend(session.documents)


@pytest.fixture
def conformance_case(
    request: pytest.FixtureRequest,
    huifu_contract_session: Session,
    record_property: Callable[[str, object], None],
) -> Case:
    """One case of the catalogue: `conformance_case.check(close_client)`."""
    from huifu_contract.catalogue.registry import catalogue
    from huifu_contract.pytest_cases import Case, named_client

    name = getattr(request, "param", None)
    if name is None:
        pytest.fail(say("decorate the test with @conformance_cases(...) from huifu_contract"), pytrace=False)
    return Case(catalogue()[name], huifu_contract_session, named_client(request.config), record_property)
