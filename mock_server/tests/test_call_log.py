"""What `serve` prints for each call, and what `huifu-mock journal` shows of them."""

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk
from rawclient import body
from wired import CLOSE, post

import huifu_mock
from huifu_mock.cli import call_log
from huifu_mock.cli.call_line import COLOURS, line
from huifu_mock.cli.call_log import CallLog
from huifu_mock.cli.main import main
from huifu_mock.http.control.journal import summary
from huifu_mock.request import CLOSE as ENDPOINT
from huifu_mock.request import ReceivedBytes
from huifu_mock.state.clock import parse


class Serving:
    """`huifu-mock serve` in a process of its own."""

    def __init__(self, folder: Path, *options: str, name: str = "") -> None:
        self.stderr = folder / "stderr"
        command = [sys.executable, "-m", "huifu_mock", "serve", "--port", "0", "--ready-json", *options]
        with self.stderr.open("wb") as stderr:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
        assert self._process.stdout is not None
        self.base_url: str = json.loads(self._process.stdout.readline())["base_url"]
        self.tenant = huifu_mock.connect(self.base_url).tenant(name=name)
        self.tenant.clock.freeze()

    def ended(self) -> list[str]:
        """Stop it, and read what it printed."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(30) == 0
        self._process.stdout.close()  # type: ignore[union-attr]  # it is a pipe
        return self.stderr.read_text("utf-8").splitlines()

    def traffic(self) -> None:
        """A close, one that is too young, one with a wrong signature, a wrong path."""
        young = self.tenant.orders.add(req_seq_id="young", age_seconds=10)
        post(self.base_url, body(self.tenant, self.tenant.orders.add(req_seq_id="open")))
        post(self.base_url, body(self.tenant, young))
        post(self.base_url, body(self.tenant, young).replace(b'"sign":"', b'"sign":"A'))
        post(self.base_url, body(self.tenant, young), None, f"/api{CLOSE}")


def test_serve_prints_a_line_for_each_call_with_its_answer_and_the_hint(tmp_path: Path) -> None:
    serving = Serving(tmp_path)
    serving.traffic()
    good, young, wrong, lost = serving.ended()
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  call-1  close  open  00000000 CLOSED  signature ok  \d+\.\d ms", good)
    assert "close  young  20000001 TOO_YOUNG  signature ok" in young
    assert "wait 50 s" in young
    assert "10000000 BAD_PARAMETERS  signature wrong" in wrong
    assert f"POST /api{CLOSE}  HTTP 404" in lost
    assert f"did you mean {CLOSE}?" in lost
    assert "\033" not in good


def test_serve_prints_one_json_object_for_each_call(tmp_path: Path) -> None:
    serving = Serving(tmp_path, "--log", "json", "-v", name="orders team")
    serving.traffic()
    told = [json.loads(one) for one in serving.ended()]
    assert [one["reason"] for one in told] == ["CLOSED", "TOO_YOUNG", "BAD_PARAMETERS", None]
    assert {(one["tenant"], one["tenant_name"]) for one in told} == {(serving.tenant.sys_id, "orders team")}
    assert told[3]["unmatched"] == "path"
    assert all(one["duration_ms"] > 0 for one in told[:3])
    assert {one["peer_host"] for one in told} == {"127.0.0.1"}
    assert ["Host", serving.base_url.removeprefix("http://")] in told[0]["headers"]


def test_a_line_of_a_tenant_that_has_a_name_tells_it(tmp_path: Path) -> None:
    serving = Serving(tmp_path, name="订单组 orders")
    serving.traffic()
    assert all(re.match(r"\S+  订单组 orders  call-\d  ", one) for one in serving.ended())


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    serving = Serving(tmp_path, "-q")
    serving.traffic()
    assert serving.ended() == []


class Stuck(io.StringIO):
    """A terminal that nobody reads until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.let_go = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        self.let_go.wait(30)
        return super().write(text)


async def test_lines_that_nobody_reads_are_dropped_and_counted_and_no_answer_waits(
    monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    monkeypatch.setattr(call_log, "WAITING", 3)
    out = Stuck()
    log = CallLog(out)
    entry = desk.mock.gateway.receive(ENDPOINT, ReceivedBytes(b"{")).entry
    log.see(desk.tenant, entry)
    await asyncio.to_thread(out.reached.wait, 30)
    for _ in range(7):
        log.see(desk.tenant, entry)
    assert log.dropped == 5
    out.let_go.set()
    log.close()
    lines = out.getvalue().splitlines()
    assert len([one for one in lines if "call-1" in one]) == 3
    assert "5 lines were dropped: nobody read them in time" in lines


def test_a_line_is_one_line_whatever_the_client_sent(desk: Desk) -> None:
    data = desk.data(desk.order(), org_req_seq_id="a\nb\x1b[31m\u202e" + "x" * 5000)
    exchange = desk.mock.gateway.receive(ENDPOINT, ReceivedBytes(desk.body(data)))
    told = line(summary(exchange.entry))
    assert told.isprintable()
    assert len(told) < 2000
    assert COLOURS["refused"] in line(summary(desk.send(desk.body(desk.data())).exchange.entry), COLOURS)


def test_a_line_tells_a_client_on_another_machine(desk: Desk) -> None:
    sent = ReceivedBytes(desk.body(desk.data()), peer=("2001:db8::1", 51234))
    told = summary(desk.mock.gateway.receive(ENDPOINT, sent).entry)
    assert "  [2001:db8::1]:51234  - " in line(told)
    assert "51234" not in line({**told, "peer_host": "127.0.0.1"})
    del told["peer_host"]  # as an older server
    assert "51234" not in line(told)


@pytest.mark.parametrize(
    ("at", "told"), [("00:00:30", "00:00:30.000"), ("00:00:30.05", "00:00:30.050"), ("23:59:59.999999", "23:59:59.999")]
)
def test_a_line_begins_with_the_time_of_the_tenant_to_the_millisecond(desk: Desk, at: str, told: str) -> None:
    desk.tenant.clock.set(parse(f"2027-03-01T{at}"), "frozen")
    exchange = desk.send(desk.body(desk.data())).exchange
    assert line(summary(exchange.entry)).startswith(f"{told}  call-1  close")


@pytest.fixture
def named(tenant: huifu_mock.Tenant) -> list[str]:
    """The options that lead to a tenant with three calls."""
    order = tenant.orders.add(req_seq_id="the-order", age_seconds=10)
    for number in ("c-1", "c-2"):
        post(tenant.base_url, body(tenant, order, req_seq_id=number))
    post(tenant.base_url, body(tenant, order), None, "/v2/close")
    return ["--url", tenant.base_url, "--tenant", tenant.sys_id]


@pytest.mark.parametrize(
    ("variable", "label"), [("zh_CN.UTF-8", "应答："), ("de_DE.UTF-8", "answered:  "), ("", "answered:  ")]
)
def test_a_call_is_shown_in_the_language_of_the_terminal(
    variable: str, label: str, named: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", variable)
    assert main(["journal", "show", "1", *named]) == 0
    assert label in capsys.readouterr().out


def test_the_journal_is_listed_filtered_and_shown(named: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", *named]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [re.search(r"call-\d+", one)[0] for one in lines] == ["call-1", "call-2", "call-3"]  # type: ignore[index]  # each has one
    assert "20000001 TOO_YOUNG" in lines[0]
    assert main(["journal", "-n", "1", "--req-seq-id", "c-1", "--json", *named]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "call-1"
    assert main(["journal", "--order", "the-order", "--unmatched", "false", *named]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["journal", "show", "call-1", *named]) == 0
    told = capsys.readouterr().out
    assert "Refused by rule 12" in told
    assert '"req_seq_id":"c-1"' in told
    assert main(["journal", "show", "call-1", "--lang", "zh", *named]) == 0
    assert "被规则 12 拒绝" in capsys.readouterr().out
    assert main(["journal", "show", "call-3", "--json", *named]) == 0
    assert json.loads(capsys.readouterr().out)["unmatched"] == "path"


def test_a_call_is_shown_with_its_body_as_it_was_sent(named: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    sent = r'{ "data": {"remark":"\u8ba2\/订"},\n"sign":"" }'.replace(r"\n", "\n")
    call = post(named[1], (sent + "\x1b").encode()).headers["huifu-mock-call"]
    capsys.readouterr()
    assert main(["journal", "show", call, "--url", named[1]]) == 0
    assert f"{sent}\\x1b\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["journal", "show"], "show takes the id of one call"),
        (["journal", "list", "call-1"], "show takes the id of one call"),
        (["journal", "show", "call-99"], "there is no call call-99"),
        (["journal", "--reason", "TO_YOUNG"], 'reason: is "TO_YOUNG"; it must be one of CLOSED'),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_right(
    words: list[str], says: str, named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, *named]) != 0
    assert says in capsys.readouterr().err


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell that starts the tests behind an `&` has SIGINT ignored, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_following_shows_calls_as_they_come(named: list[str], tenant: huifu_mock.Tenant) -> None:
    command = [sys.executable, "-m", "huifu_mock", "journal", "-f", "-n", "1", *named]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as follow:
        try:
            assert follow.stdout is not None
            assert "call-3" in follow.stdout.readline()
            for number in ("call-4", "call-5"):
                post(tenant.base_url, body(tenant))
                assert number in follow.stdout.readline()
            follow.send_signal(signal.SIGINT)
            assert follow.wait(30) == 130
        finally:
            follow.kill()
