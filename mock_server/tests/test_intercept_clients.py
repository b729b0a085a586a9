"""Real clients that call https://api.huifu.com, unchanged, under `exec --intercept`: none leaves the machine.

Each runs in a network of its own that has loopback alone, where the kernel counts what wanted to leave. Where that
cannot be had, the clients run all the same, and the test of the count is skipped.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLIENTS = HERE / "intercept_clients"
JARS = [
    Path("/usr/share/java") / f"{name}.jar" for name in ("httpclient", "httpcore", "commons-logging", "commons-codec")
]
NODE = Path(os.environ.get("HUIFU_TEST_NODE", Path.home() / ".cache" / "huifu-mock-node"))
"""A folder in which `npm install` put what the tests want; .ci/run does."""
RIGHT = ["close 00000000 S", "query 00000000 F", "refusal 23000000 F"]


@cache
def network_of_its_own() -> bool:
    """Whether a command can be given a network that has loopback alone."""
    command = ["unshare", "--user", "--map-root-user", "--net", "true"]
    return (
        shutil.which("unshare") is not None
        and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


def needs(*commands: str, files: tuple[Path, ...] = ()) -> None:
    missing = [command for command in commands if shutil.which(command) is None]
    missing += [str(file) for file in files if not file.exists()]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")


class Done:
    """How a command under `exec --intercept` ended."""

    def __init__(self, done: "subprocess.CompletedProcess[str]", left: int) -> None:
        self.code, self.lines, self.errors = done.returncode, done.stdout.splitlines(), done.stderr
        self.left = left
        """How many packets wanted to leave the machine."""


def intercepted(tmp_path: Path, *command: str | Path, options: tuple[str, ...] = (), cwd: Path | None = None) -> Done:
    """Run a command under `exec --intercept`, alone in a network where that can be had."""
    count = tmp_path / "count"
    words = [sys.executable, "-m", "huifu_mock", "exec", "--intercept", *options, "--", *map(str, command)]
    if network_of_its_own():
        words = [
            "unshare",
            "--user",
            "--map-root-user",
            "--net",
            sys.executable,
            str(HERE / "alone.py"),
            str(count),
            *words,
        ]
    done = subprocess.run(words, cwd=cwd or tmp_path, capture_output=True, text=True, timeout=120, check=False)
    return Done(done, int(count.read_text()) if count.exists() else 0)


def goes_right(done: Done, times: int = 1) -> None:
    assert (done.lines, done.code, done.left) == (RIGHT * times, 0, 0), done.errors


# The ways of a language run in one process, each with an order of its own: starting takes longer than all calls. A way
# that goes wrong prints its name and why, and the next one runs.


def test_python(tmp_path: Path) -> None:
    ways = ("requests", "httpx", "urllib")
    goes_right(intercepted(tmp_path, sys.executable, CLIENTS / "close.py", *ways), len(ways))


def test_the_official_sdk(tmp_path: Path) -> None:
    goes_right(intercepted(tmp_path, sys.executable, CLIENTS / "close.py", "dg-sdk"))


@pytest.mark.parametrize("way", ["curl", "streams"])
def test_php(way: str, tmp_path: Path) -> None:
    needs("php")
    if way == "curl" and "curl" not in subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout:
        pytest.skip("not installed here: php-curl")
    goes_right(intercepted(tmp_path, "php", CLIENTS / "close.php", way))


def test_node(tmp_path: Path) -> None:
    needs("node")
    goes_right(intercepted(tmp_path, "node", CLIENTS / "close.mjs", "fetch", "https"), 2)


def test_node_libraries(tmp_path: Path) -> None:
    ways = ("axios", "undici")
    needs("node", files=tuple(NODE / "node_modules" / way for way in ways))
    goes_right(intercepted(tmp_path, "node", CLIENTS / "close.mjs", *ways, cwd=NODE), len(ways))


def test_java(tmp_path: Path) -> None:
    """java.net.http, HttpURLConnection and Apache HttpClient."""
    needs("java", "javac", files=tuple(JARS))
    path = ":".join(map(str, JARS))
    ways = ("jdk", "url", "apache")
    goes_right(
        intercepted(tmp_path, "java", "-XX:TieredStopAtLevel=1", "-cp", path, CLIENTS / "Close.java", *ways), len(ways)
    )


def test_go(tmp_path: Path) -> None:
    needs("go")
    environment = {**os.environ, "GOCACHE": str(Path.home() / ".cache" / "go-build"), "GO111MODULE": "off"}
    built = subprocess.run(
        ["go", "build", "-o", tmp_path / "close", CLIENTS / "close.go"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    goes_right(intercepted(tmp_path, tmp_path / "close"))


def test_ruby(tmp_path: Path) -> None:
    """It asks the name server before it uses the proxy; what leaves the machine is that question alone."""
    needs("ruby")
    done = intercepted(tmp_path, "ruby", CLIENTS / "close.rb")
    assert (done.lines, done.code) == (RIGHT, 0), done.errors


CURL = """
import os, subprocess, sys
from huifu_mock.cli.welcome import example_close
url = "https://api.huifu.com/v2/trade/payment/scanpay/close"
sys.exit(subprocess.call(["curl", "-sS", url, "-d", example_close().decode()]))
"""


def test_curl(tmp_path: Path) -> None:
    needs("curl")
    done = intercepted(tmp_path, sys.executable, "-c", CURL)
    assert '"resp_code":"00000000"' in done.lines[0]
    assert (done.code, done.left) == (0, 0), done.errors


def test_a_client_that_accepts_http2_alone_is_told_what_is_spoken_here(tmp_path: Path) -> None:
    needs("node")
    done = intercepted(tmp_path, "node", CLIENTS / "close.mjs", "http2")
    assert done.code != 0
    assert "a client speaks HTTP/2 only; here, as ALPN tells, HTTP/1.1 is spoken" in done.errors


ELSEWHERE = {
    "curl": "import subprocess; subprocess.run(['curl', '-sS', 'https://curl.example.com'], check=True)",
    "requests": "import requests; requests.get('https://requests.example.com')",
    "httpx": "import httpx; httpx.get('https://httpx.example.com')",
}
"""A call of another host, by the client that makes it; it raises where it ends in an error."""
EACH = """
import sys
for code in sys.argv[1:]:
    try:
        exec(code)
    except Exception as error:
        print(type(error).__name__)
"""


def test_a_host_that_is_not_huifu_s_is_refused(tmp_path: Path) -> None:
    needs("curl")
    done = intercepted(tmp_path, sys.executable, "-c", EACH, *ELSEWHERE.values())
    assert done.lines == ["CalledProcessError", "ProxyError", "ProxyError"], done.errors
    assert [name for name in ELSEWHERE if f"'{name}.example.com:443' is not Huifu's" not in done.errors] == []
    assert done.left == 0


@pytest.mark.parametrize("target", ["('192.0.2.7', 443)", "('2001:db8::7', 443, 0, 0)"])
def test_what_wants_to_leave_is_counted(target: str, tmp_path: Path) -> None:
    if not network_of_its_own():
        pytest.skip("no command can be given a network of its own here (unshare --user --net)")
    family = "AF_INET6" if ":" in target else "AF_INET"
    done = intercepted(tmp_path, sys.executable, "-c", f"import socket as s; s.socket(s.{family}).connect({target})")
    assert done.code != 0
    assert done.left > 0
