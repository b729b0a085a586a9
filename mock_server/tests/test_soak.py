"""Everything at once for a while, as `make soak` does for longer: nothing grows, nothing is left over."""

import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[1] / "bench" / "soak.py"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_a_busy_server_grows_no_more_and_ends_within_a_second() -> None:
    done = subprocess.run(
        [sys.executable, str(SOAK), "--seconds", "15"], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
