"""Drivers.

The four kinds of trouble are told apart, nothing is left behind, nothing of the machine gets in.
"""

from __future__ import annotations

import os
import resource
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any, Protocol

import pytest

from huifu_contract import Outcome, describes
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.drivers.kinds import driver
from huifu_contract.drivers.protocol import check
from huifu_contract.drivers.subprocess import MAX_RESTARTS, RemoteDriver, clean
from huifu_contract.failures import AdapterTrouble, ClientTrouble, Gone, Hung, SetupTrouble
from huifu_contract.harness.evidence import Evidence
from huifu_contract.outcome import Hello

CONFIG = dict.fromkeys(
    ("sys_id", "product_id", "huifu_id", "merchant_private_key", "huifu_public_key", "webhook_key"), "x"
)
PROLOGUE = """
import json, os, sys, time, signal, subprocess
def say(**reply):
    sys.stdout.write(json.dumps(reply) + "\\n"); sys.stdout.flush()
def hello(m, **more):
    client = {"name": "t", "version": "1", "language": "py"}
    say(id=m["id"], client=client, profiles=["wire"], timeout_s=1, **more)
def lines():
    for line in sys.stdin:
        m = json.loads(line)
        if m["op"] == "hello": hello(m)
        elif m["op"] == "bye": say(id=m["id"], ok=True)
        else: yield m
"""


class Start(Protocol):
    """Runs Python text as a `cmd:` client that has said hello."""

    def __call__(self, body: str, first_s: float = 0.0) -> RemoteDriver: ...


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Start]:
    made: list[RemoteDriver] = []

    def start(body: str, first_s: float = 0.0) -> RemoteDriver:
        file = tmp_path / f"client{len(made)}.py"
        file.write_text(PROLOGUE + textwrap.dedent(body), encoding="utf-8")
        new = RemoteDriver([sys.executable, "-S", str(file)], first_s=first_s)
        made.append(new)
        new.start(CONFIG)
        return new

    yield start
    for one in made:
        if one._session is not None:
            one._session.child.kill()


def close(client: RemoteDriver, deadline_s: float = 10.0) -> Outcome:
    return client.close("http://127.0.0.1:1/s/a", {}, deadline_s)


def test_an_honest_adapter_is_driven_and_ends_with_bye(script: Start) -> None:
    client = script("for m in lines(): say(id=m['id'], outcome='closed', attempts=1)")
    assert close(client) == Outcome("closed", None, None, 1)
    client.stop()
    assert client.restarts == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("for m in lines(): print('debug: closing'); say(id=m['id'], outcome='closed')", "debug: closing"),
        ("for m in lines(): say(id=99, outcome='closed')", "message 99, never sent"),
        ("for m in lines(): say(id=m['id'], outcome='yes')", "yes"),
        ("for m in lines(): sys.stdout.write('x' * 1100000); sys.stdout.flush()", "longer than 1 MiB"),
    ],
)
def test_a_breach_of_the_protocol_is_the_adapters_trouble(script: Start, body: str, says: str) -> None:
    client = script(body)
    with pytest.raises(AdapterTrouble, match=says):
        close(client)


def test_a_client_is_asked_however_many_connections_it_left_open_here(script: Start) -> None:
    most = 1024  # what select() knows
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * most)), hard))
    left_open = [os.open(os.devnull, os.O_RDONLY) for _ in range(most)]
    try:
        client = script("for m in lines(): say(id=m['id'], outcome='closed', attempts=1)")
        assert close(client).verdict == "closed"
        client.stop()
    finally:
        for number in left_open:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_second_reply_is_told_at_the_next_call_or_at_the_end(script: Start) -> None:
    body = "for m in lines():\n    say(id=m['id'], outcome='closed'); say(id=m['id'], outcome='closed')"
    client = script(body)
    with pytest.raises(AdapterTrouble, match="second reply to message 2"):
        _ = [close(client) for _ in range(2)]
    client = script(body)
    with pytest.raises(AdapterTrouble, match="second reply"):
        _ = [close(client), client.stop()]  # type: ignore[func-returns-value]  # whichever of the two sees it


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("for m in lines(): sys.exit(0)", "exited with status 0 while close was open"),
        ("for m in lines(): sys.exit(3)", "exited with status 3"),
        ("for m in lines(): os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("for m in lines(): raise KeyError('boom')", "exited with status 1"),
    ],
)
def test_an_end_in_the_middle_is_the_clients_trouble_whatever_the_status(script: Start, body: str, says: str) -> None:
    with pytest.raises(ClientTrouble, match=says):
        close(script(body))


def test_a_crash_carries_what_was_written_to_stderr(script: Start) -> None:
    with pytest.raises(ClientTrouble) as caught:
        close(script("for m in lines(): raise KeyError('boom')"))
    assert "KeyError: 'boom'" in caught.value.stderr


def dies(pid: int) -> bool:
    """Whether a process that was killed is gone; the kernel of a busy machine may take a moment for that."""
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(1000):
        try:
            if stat.read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        Event().wait(0.005)
    return False


def test_a_hang_is_killed_with_its_whole_group_and_started_again(script: Start, tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    flag = tmp_path / "again"
    client = script(
        f"""
        again = os.path.exists({str(flag)!r})
        if not again:
            open({str(flag)!r}, "w").close()
            child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
            open({str(pidfile)!r}, "w").write(str(child.pid))
        for m in lines():
            if not again: time.sleep(600)
            say(id=m["id"], outcome="unknown")
        """
    )
    with pytest.raises(Hung, match="gave no answer to close before"):
        close(client, 1.0)
    grandchild = int(pidfile.read_text())
    assert dies(grandchild)
    assert close(client).verdict == "unknown"
    assert client.restarts == 1


def test_a_flood_on_stderr_never_blocks_a_client(script: Start) -> None:
    client = script("for m in lines(): sys.stderr.write('e' * 3000000); say(id=m['id'], outcome='closed')")
    mark = client.mark()
    assert close(client).verdict == "closed"
    assert close(client).verdict == "closed"
    assert 0 < len(client.stderr(mark)) <= 64 * 1024


def test_a_process_may_take_longer_for_its_first_call_and_for_no_other(script: Start) -> None:
    client = script("for m in lines(): time.sleep(0.3); say(id=m['id'], outcome='closed')", first_s=30.0)
    assert close(client, 0.05).verdict == "closed"
    with pytest.raises(Hung):
        close(client, 0.05)
    with pytest.raises(Hung):  # the new process is no reason to wait longer for one that hangs
        close(client, 0.05)


def test_a_client_that_does_not_read_is_hung(script: Start) -> None:
    client = script("import time\nfor m in lines(): pass")
    with pytest.raises(Hung):
        client.close("http://127.0.0.1:1/s/a", {"x": "a" * 900000}, 0.5)


def test_restarts_are_bounded(script: Start) -> None:
    client = script("for m in lines(): sys.exit(1)")
    for _ in range(MAX_RESTARTS + 1):
        with pytest.raises(ClientTrouble):
            close(client)
    with pytest.raises(Gone, match="the rest is not run"):
        close(client)


@pytest.mark.parametrize(
    "command",
    [
        "/no/such/program",
        f"{sys.executable} -S -c 'import sys; sys.exit(0)'",
        f"{sys.executable} -c 'raise SystemExit(2)'",
    ],
)
def test_a_client_that_cannot_be_started_is_a_setup_trouble(command: str) -> None:
    with pytest.raises(SetupTrouble):
        driver(f"cmd:{command}").start(CONFIG)


@pytest.mark.parametrize("client", ["php close.php", "ftp:x", "py:", "cmd: ", ""])
def test_a_client_that_is_not_kind_what_is_explained(client: str) -> None:
    with pytest.raises(SetupTrouble, match="KIND:WHAT"):
        driver(client)


def test_no_shell_reads_the_command() -> None:
    with pytest.raises(SetupTrouble, match="could not start"):
        driver("cmd:/nonexistent/$(id);true").start(CONFIG)


def test_a_client_that_cannot_be_started_is_told_with_what_to_look_at(tmp_path: Path) -> None:
    (tmp_path / "close_adapter.php").write_text("<?php")
    with pytest.raises(SetupTrouble, match=r"No such file or directory; it is looked for in PATH.*is it built\?"):
        driver("cmd:./close_adapter").start(CONFIG)
    with pytest.raises(SetupTrouble, match=r"Permission denied; .* as in cmd:php close_adapter\.php"):
        driver(f"cmd:{tmp_path / 'close_adapter.php'}").start(CONFIG)


def test_a_command_without_its_kind_is_told_with_it() -> None:
    with pytest.raises(SetupTrouble, match=r"write cmd:php close\.php if it is a command, or for instance py:"):
        driver("php close.php")


def test_the_childs_environment_has_no_proxy_no_locale_and_a_fixed_zone() -> None:
    given = {
        "HTTP_PROXY": "http://p",
        "https_proxy": "http://p",
        "LANG": "tr_TR",
        "LC_TIME": "de",
        "TZ": "Asia/Tokyo",
        "PATH": "/bin",
    }
    env = clean({"TZ": "UTC+12"}, base=given)
    assert env == {
        "PATH": "/bin",
        "TZ": "UTC+12",
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def test_the_child_really_runs_in_that_environment(script: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("LC_ALL", "tr_TR")
    client = script(
        "for m in lines(): say(id=m['id'], outcome='unknown', error={'kind': json.dumps(dict(os.environ))})"
    )
    error = close(client).error
    assert error is not None
    assert "HTTP_PROXY" not in error["kind"]
    assert "tr_TR" not in error["kind"]


# -- Python clients


@describes(name="shop", version="3", claims=["query"], timeout_s=2)
def shop(config: object, base_url: str, params: object) -> Outcome:
    print("a print of the team's code")  # must not reach the protocol
    return Outcome("closed", seen={"resp_code": "00000000", "trans_stat": "S"})


class Till:
    def close(self, config: object, base_url: str, params: object) -> str:
        return "pending"


def broken(config: object, base_url: str, params: dict[str, str]) -> Outcome:
    raise KeyError("resp_code")


def wrong_type(config: object, base_url: str, params: object) -> int:
    return 7


def make_client() -> Till:
    return Till()


def neither(a: object, b: object) -> None: ...


def test_a_python_client_is_a_function_an_object_a_class_or_a_factory() -> None:
    for target, verdict in (
        (shop, "closed"),
        (Till(), "pending"),
        (Till, "pending"),
        (make_client, "pending"),
    ):
        client = LocalDriver(target)
        client.start(CONFIG)
        assert client.close("http://127.0.0.1:1", {}, 5).verdict == verdict
    assert LocalDriver(shop).start(CONFIG).claims == {"query"}
    with pytest.raises(SetupTrouble, match="a client is a function close"):
        LocalDriver(neither)


def test_an_exception_of_the_client_is_a_crash_not_a_refusal() -> None:
    outcome = LocalDriver(broken).close("http://127.0.0.1:1", {}, 5)
    assert outcome.verdict == "crashed"
    assert outcome.error is not None
    assert outcome.error["kind"] == "KeyError"


def test_a_wrong_return_value_is_the_adapters_trouble() -> None:
    with pytest.raises(AdapterTrouble, match="close returned 7"):
        LocalDriver(wrong_type).close("http://127.0.0.1:1", {}, 5)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], RemoteDriver]]:
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(here), *sys.path]))
    made: list[RemoteDriver] = []

    def start(name: str) -> RemoteDriver:
        made.append(RemoteDriver.of_python(f"test_drivers:{name}"))
        return made[-1]

    yield start
    for one in made:
        if one._session is not None:
            one._session.child.kill()


def test_a_py_client_runs_in_its_own_process_and_may_print(host: Callable[[str], RemoteDriver]) -> None:
    client = host("shop")
    assert client.start(CONFIG).name == "shop"
    outcome = close(client)
    assert (outcome.verdict, outcome.seen) == ("closed", {"resp_code": "00000000", "trans_stat": "S"})
    client.stop()  # stdout and stderr are two pipes: only the end of both says that all was read
    assert "a print of the team's code" in client.stderr()


@pytest.mark.parametrize("seen", [7, 1.5, True, None, ["S"], {"a": 1}, "S"])
def test_what_a_client_saw_may_be_of_any_json_type(seen: Any) -> None:
    outcome = Outcome("unknown", seen={"resp_code": seen, "trans_stat": seen})
    message = {"id": 2, **outcome.message()}
    assert check("close", message) == message
    assert Outcome.from_message(message).seen == {"resp_code": seen, "trans_stat": seen}
    wire_only = Hello(profiles=frozenset({"wire"}))
    assert Evidence(outcome, hello=wire_only).claim == ("closed" if seen == "S" else "unknown")


def test_what_json_does_not_know_is_shown_in_words() -> None:
    assert Outcome("unknown", seen={"resp_code": {7}}).message()["seen"]["resp_code"] == "{7}"


def test_a_py_client_that_returns_something_else_is_the_adapters_trouble(
    host: Callable[[str], RemoteDriver],
) -> None:
    client = host("wrong_type")
    client.start(CONFIG)
    with pytest.raises(AdapterTrouble, match="close returned 7"):
        close(client)


def test_a_py_client_that_does_not_exist_is_a_setup_trouble(host: Callable[[str], RemoteDriver]) -> None:
    with pytest.raises(SetupTrouble) as caught:
        host("no_such").start(CONFIG)
    assert "no_such" in caught.value.stderr


def test_a_program_that_complains_on_stdout_and_ends_is_told_with_its_status() -> None:
    complaint = [sys.executable, "-c", "print('Could not open input file: nope.php'); raise SystemExit(1)"]
    made = RemoteDriver(complaint)
    try:
        with pytest.raises(AdapterTrouble, match=r"is not JSON: .*exited with status 1 before it answered"):
            made.start(CONFIG)
    finally:
        made.stop()
