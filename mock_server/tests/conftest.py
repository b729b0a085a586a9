"""What all tests of this folder share: how hypothesis runs here, a desk without a socket, a server, a fresh tenant."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk import Desk
from hypothesis import HealthCheck, settings
from merchant import Merchant
from one_browser import chromium, pytest_runtest_teardown  # noqa: F401 # pytest looks for them here

import huifu_mock

if TYPE_CHECKING:
    from postgresql_server import PostgreSql

os.environ["LC_ALL"] = "C.UTF-8"  # commands speak the language of the terminal, and these tests read English
# No deadline and no complaint about slow examples: a busy machine is no fault of the code. In CI examples are fixed.
settings.register_profile("huifu-mock", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("huifu-mock")


@pytest.fixture
def desk() -> Desk:
    """A gateway of its own, in process."""
    return Desk()


@pytest.fixture(scope="session")
def server() -> Iterator[huifu_mock.Server]:
    """One server in a thread for all tests; whoever changes its default tenant starts another."""
    with huifu_mock.Server() as running:
        yield running


@pytest.fixture
def tenant(server: huifu_mock.Server) -> Iterator[huifu_mock.Tenant]:
    """A fresh tenant whose clock stands still."""
    made = server.tenant()
    made.clock.freeze()
    yield made
    made.drop()


@pytest.fixture
def merchant(tenant: huifu_mock.Tenant) -> Merchant:
    """A client of that tenant, over HTTP."""
    return Merchant(tenant)


@pytest.fixture(scope="session")
def postgresql() -> "Iterator[PostgreSql]":
    """A PostgreSQL for all tests that need one; where there is none, they are skipped."""
    from postgresql_server import NotInstalled, PostgreSql

    try:
        running = PostgreSql()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    yield running
    running.remove()


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run all tests that need PostgreSQL in one worker, which starts it once; begin what takes long first.

    In one process the order of the files stays, so that what a module shares is made once.
    """
    for item in items:
        if "postgresql" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("postgresql"))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not (item.get_closest_marker("slow") or item.get_closest_marker("xdist_group")))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives the URL of a store that is new, in each of the engines; what was begun there is over after the test."""
    import databases

    numbers = count(1)
    if request.param == "postgresql":
        yield request.getfixturevalue("postgresql").fresh
    else:
        yield lambda: f"sqlite:{tmp_path}/mock{next(numbers)}.db"
    while databases.BEGUN:
        databases.killed(databases.BEGUN.pop())


@pytest.fixture
def store(new_store: Callable[[], str]) -> str:
    """The URL of a store that is new, in each of the engines."""
    return new_store()
