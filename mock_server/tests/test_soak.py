"""Everything at once for a moment: nothing is left over. Whether memory grows takes `make soak`, which .ci/run runs."""

import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[1] / "bench" / "soak.py"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_a_busy_server_holds_nothing_once_nobody_asks_for_anything_and_ends_when_it_is_told_to() -> None:
    command = [sys.executable, str(SOAK), "--seconds", "3", "--end-seconds", "60"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
