"""How hypothesis runs in our own tests, and a browser; what the kit itself draws has settings of its own."""

import gc
import os

from hypothesis import HealthCheck, settings
from one_browser import chromium, pytest_runtest_teardown  # noqa: F401 # pytest looks for them here

os.environ["LC_ALL"] = "C.UTF-8"  # commands speak the language of the terminal, and these tests read English
# No deadline and no complaint about slow examples: a busy machine is no fault of the code. In CI examples are fixed.
settings.register_profile("huifu-contract", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("huifu-contract")


def pytest_collection_finish() -> None:
    """What was loaded and collected stays: hypothesis has it looked through for each worker of a run of the kit."""
    gc.collect()
    gc.freeze()
