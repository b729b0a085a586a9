"""The browser of all tests that look at pages: one program for those that run one after another, as a group does."""

from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from browser import Browser


@cache
def found() -> "Browser | None":
    """The browser of this machine, which starts with its first page."""
    import browser

    program = browser.installed()
    return program and browser.Browser(program)


@pytest.fixture(scope="session")
def chromium() -> "Browser":
    """A page in the machine's Chromium; without one, what needs it is skipped."""
    if (browser := found()) is None:
        pytest.skip("there is no Chromium here (Debian and Ubuntu: the package chromium)")
    return browser


def looks_at_pages(item: pytest.Item | None) -> bool:
    """Whether a test is in the group of those."""
    group = item and item.get_closest_marker("xdist_group")
    return bool(group) and group.args == ("chromium",)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Ends the program before a test of another kind: playwright's event loop would be in the way of its own."""
    if looks_at_pages(item) and not looks_at_pages(nextitem) and (browser := found()):
        browser.end()
