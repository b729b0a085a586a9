"""The pytest plugin of the contract kit: options and fixtures. Import-light: the work is in `pytest_front`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from huifu_contract.pytest_front import Case, Session

KNOWN = "huifu-contract-known.toml"
USAGE = """override the fixture close_client in your conftest.py:

    @pytest.fixture(scope="session")
    def close_client():
        def close(config, base_url, params):
            result = CloseService(base_url, config).close(**params)   # your own code decides
            return Outcome(result.verdict, seen=result.raw)           # from huifu_contract import Outcome
        return close
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("huifu-contract", "the contract kit of huifu-mock")
    group.addoption("--huifu-profile", choices=("quick", "ci", "deep"), help="how many examples a property gets")
    group.addoption("--huifu-case", action="append", default=[], metavar="GLOB", help="only these cases; repeatable")
    group.addoption("--huifu-level", choices=("must", "should"), default="should", help="what is enforced")
    group.addoption("--huifu-seed", type=int, metavar="N")
    group.addoption("--huifu-replay", type=Path, metavar="FILE", help="run this example alone")
    group.addoption("--huifu-known", type=Path, metavar="FILE", help=f"known failures (default: {KNOWN} if there)")
    group.addoption("--huifu-report", type=Path, metavar="FILE.json", help="write the result document")
    group.addoption("--huifu-client", metavar="KIND:WHAT", help="instead of the fixture close_client")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("huifu_case") or config.getoption("huifu_replay"):
        from huifu_contract.pytest_front import deselect

        deselect(config, items)


@pytest.fixture(scope="session")
def close_client(pytestconfig: pytest.Config) -> Any:
    """Yours to override: the client that is graded."""
    if pytestconfig.getoption("huifu_client"):
        return None
    pytest.fail(USAGE, pytrace=False)


@pytest.fixture(scope="session")
def huifu_contract_session(pytestconfig: pytest.Config) -> Iterator[Session]:
    """The gateway, the client and the controls that all conformance items of this process share."""
    from huifu_contract.pytest_front import Session

    session = Session.of(pytestconfig)
    yield session
    session.close()


@pytest.fixture
def conformance_case(
    request: pytest.FixtureRequest,
    huifu_contract_session: Session,
    record_property: Callable[[str, object], None],
) -> Case:
    """One case of the catalogue: `conformance_case.check(close_client)`."""
    from huifu_contract.pytest_front import Case
    from huifu_contract.registry import catalogue

    name = getattr(request, "param", None)
    if name is None:
        pytest.fail("decorate the test with @conformance_cases(...) from huifu_contract", pytrace=False)
    spec = request.config.getoption("huifu_client")
    return Case(catalogue()[name], huifu_contract_session, spec, record_property)
