"""How hypothesis runs in our own tests, and a browser; what the kit itself draws has settings of its own."""

import gc
import os
from collections.abc import Iterator

import browser
import pytest
from hypothesis import HealthCheck, settings

os.environ["LC_ALL"] = "C.UTF-8"  # commands speak the language of the terminal, and these tests read English
# No deadline and no complaint about slow examples: a busy machine is no fault of the code. In CI examples are fixed.
settings.register_profile("huifu-contract", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("huifu-contract")


def pytest_collection_finish() -> None:
    """What was loaded and collected stays: hypothesis has it looked through for each worker of a run of the kit."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Browser]:
    """A page in the machine's Chromium; without one, what needs it is skipped."""
    program = browser.installed()
    if program is None:
        pytest.skip("there is no Chromium here (Debian and Ubuntu: the package chromium)")
    with browser.Browser(program) as running:
        yield running
