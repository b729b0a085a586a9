"""`huifu-mock orders`, `clock` and `webhooks` against a running server: what they print, and how they refuse."""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from merchant import Merchant
from postbox import Mailbox, Said

import ports
from huifu_mock.cli import main
from huifu_mock.cli.remote import duration

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(merchant: Merchant, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command against the server and tenant of the test: exit code, output, errors."""

    def command(
        *words: str, url: str = merchant.tenant.base_url, tenant: str = merchant.tenant.sys_id
    ) -> tuple[int, str, str]:
        code = main.main([*words, "--url", url, "--tenant", tenant])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("61", 61),
        ("61s", 61),
        ("5m", 300),
        ("2h", 7200),
        ("1d", 86_400),
        ("1m30s", 90),
        ("0.5s", 0.5),
        ("500ms", 0.5),
        ("1.5", 1.5),
    ],
)
def test_a_duration_is_written_as_people_do(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "1x", "-5s", "1m 30s", "nan", "inf", "1e3", "1h2"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="1m30s"):
        duration(text)


@pytest.mark.parametrize(("word", "said"), [("serv", "did you mean serve?"), ("xyz", "choose serve, console, exec")])
def test_a_command_that_does_not_exist_is_told_with_what_there_is(
    word: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main.main([word, "--port", "0"])
    assert f"there is no command '{word}'; {said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serve", "--prot", "9090"], "huifu-mock serve: there is no option --prot; did you mean --port\\?"),
        (["orders", "list", "--trans-stats=P"], "huifu-mock orders.*: .*did you mean --trans-stat\\?"),
        (["clock", "freeze", "--zzzz"], "huifu-mock clock: there is no option --zzzz"),
        (["keys", "more"], "huifu-mock keys: nothing is known to do with more"),
        (["orders", "add"], "huifu-mock orders: there is no action 'add'; did you mean create\\?"),
        (["orders", "lst"], "huifu-mock orders: .*did you mean list\\?"),
        (["clock", "xyz"], "huifu-mock clock: there is no action 'xyz'; choose show, .*"),
    ],
)
def test_an_option_that_does_not_exist_is_told_with_how_to_see_its_usage(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main.main(words)
    wrong, usage = capsys.readouterr().err.splitlines()
    assert re.fullmatch(said, wrong)
    assert usage == f"how it is used: {wrong.partition(':')[0]} --help"


def test_without_an_action_a_command_shows_what_there_is(run: Run, merchant: Merchant) -> None:
    merchant.tenant.orders.add(req_seq_id="o-1")
    assert "o-1" in run("orders")[1]
    assert "frozen" in run("clock")[1]
    assert run("webhooks") == (0, "no endpoints\n", "")


def test_the_action_may_follow_the_options_of_its_command(
    merchant: Merchant, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--url", merchant.tenant.base_url, "--tenant", merchant.tenant.sys_id]
    assert main.main(["orders", *where, "create", "--req-seq-id", "list"]) == 0
    assert main.main(["orders", *where, "pay", "list"]) == 0
    assert merchant.tenant.orders.get("list").trans_stat == "S"
    capsys.readouterr()
    assert main.main(["orders", "--req-seq-id", "list", *where, "--json"]) == 0  # there it is the value of an option
    assert [one["req_seq_id"] for one in json.loads(capsys.readouterr().out)] == ["list"]
    assert main.main(["orders", "--json", "list", *where]) == 0


def test_orders_are_created_listed_paid_and_failed(run: Run, merchant: Merchant) -> None:
    assert run("orders", "list") == (0, "no orders\n", "")
    code, out, _ = run(
        "orders", "create", "--req-seq-id", "a", "--age", "61s", "--settle", "processing", "--settle-after", "5s"
    )
    assert (code, out.splitlines()[1].split()[0]) == (0, "a")
    order = merchant.tenant.orders.get("a")
    assert (order.age_seconds, order.settle, order.settle_seconds) == (61, "processing", 5)
    assert json.loads(run("orders", "create", "--req-seq-id", "b", "--json")[1])["trans_stat"] == "P"
    assert run("orders", "pay", "a")[0] == 0
    assert run("orders", "fail", "b", "--after", "2s")[0] == 0
    merchant.tenant.clock.advance(2)
    listed = json.loads(run("orders", "list", "--json")[1])
    assert {one["req_seq_id"]: one["trans_stat"] for one in listed} == {"a": "S", "b": "F"}
    assert run("orders", "list", "--trans-stat", "S")[1].count("\n") == 2


def test_what_the_server_refuses_is_told_in_one_line(run: Run, merchant: Merchant) -> None:
    merchant.tenant.orders.add(req_seq_id="paid", trans_stat="S")
    for words, said in (
        (("orders", "pay", "paid"), "a final state never changes"),
        (("orders", "pay", "none"), "there is no order none"),
        (("orders", "create", "--settle", "sometimes"), 'settle: is "sometimes"; it must be one of "immediate"'),
        (("orders", "create", "--time-expire", "tomorrow"), "time_expire"),
        (("clock", "freeze", "--at", "yesterday"), "now"),
        (("clock", "freeze", "--at", "2020-01-01"), "now"),
        (("webhooks", "add", "nowhere"), "http://"),
        (("webhooks", "remove", "webhook-9"), "there is no webhook webhook-9"),
        (("webhooks", "resend", "delivery-9"), "there is no delivery delivery-9"),
    ):
        code, out, err = run(*words)
        assert (code, out, err.count("\n")) == (1, "", 1), err
        assert err.startswith(f"huifu-mock {words[0]}: ")
        assert said in err


def test_a_server_or_tenant_that_is_not_there_is_told_with_what_to_do(run: Run) -> None:
    holder, port = ports.held()
    with holder:
        code, _, err = run("clock", "show", url=f"http://127.0.0.1:{port}")
    assert code == 2, err
    assert "start one with: huifu-mock serve, or name the address of another one with --url" in err
    assert run("clock", "show", url="127.0.0.1:8080")[0] == 2
    code, _, err = run("clock", "show", tenant="nobody")
    assert (code, "there is no tenant nobody" in err) == (1, True)


def test_the_clock_is_shown_stopped_and_moved(run: Run, merchant: Merchant) -> None:
    start = merchant.tenant.clock.now()
    assert run("clock", "show") == (0, f"{start.isoformat(sep=' ')} frozen\n", "")
    assert json.loads(run("clock", "advance", "1m30s", "--json")[1])["mode"] == "frozen"
    assert (merchant.tenant.clock.now() - start).total_seconds() == 90
    assert run("clock", "auto")[1].endswith(" auto\n")
    assert run("clock", "run")[1].endswith(" running\n")
    assert run("clock", "freeze", "--at", "2999-12-31T23:59:30")[1] == "2999-12-31 23:59:30+08:00 frozen\n"


def test_endpoints_and_deliveries_are_handled(run: Run, merchant: Merchant) -> None:
    assert run("webhooks", "list")[1] == "no endpoints\n"
    assert run("webhooks", "deliveries")[1] == "nothing was pushed\n"
    with Mailbox(lambda _: Said(500)) as mailbox:
        assert mailbox.hook in run("webhooks", "add", mailbox.hook, "--key", "k" * 32)[1]
        assert "k" * 32 in run("webhooks", "list")[1]
        merchant.close(merchant.tenant.orders.add(req_seq_id="closed"))
        merchant.tenant.deliveries.wait_for(20, attempts=1)
        assert "the receiver failed" in run("webhooks", "deliveries")[1]
        assert "is on its way" in run("webhooks", "resend", "delivery-1")[1]
        merchant.tenant.deliveries.wait_for(20, attempts=2)
    assert run("webhooks", "remove", "webhook-1") == (0, "webhook-1 is removed\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal that it could take")
def test_a_receiver_that_is_terminated_is_no_longer_registered(merchant: Merchant) -> None:
    tenant = merchant.tenant
    where = ["--url", tenant.base_url, "--tenant", tenant.sys_id]
    command = [sys.executable, "-m", "huifu_mock", "webhooks", "listen", "--port", "0", *where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        assert "listening at" in listening.stdout.readline()
        assert len(tenant.webhooks.list()) == 1
        listening.terminate()
        listening.communicate(timeout=30)
    assert tenant.webhooks.list() == []


def test_a_command_in_quotes_is_told_to_leave_them_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["exec", "no-such-program -v"]) == 127
    assert "leave these out: huifu-mock exec -- no-such-program -v" in capsys.readouterr().err


def test_listening_prints_each_push_and_says_what_is_wrong_with_it(merchant: Merchant) -> None:
    tenant = merchant.tenant
    tenant.orders.add(req_seq_id="open")
    where = ("--url", tenant.base_url, "--tenant", tenant.sys_id)
    command = [sys.executable, "-m", "huifu_mock", "webhooks", "listen", "--port", "0", "--count", "3", *where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        listens_at = re.findall(r"http://[0-9.:]+", listening.stdout.readline())[0]
        assert [webhook.url for webhook in tenant.webhooks.list()] == [f"{listens_at}/webhook"]
        tenant.deliveries.send("open")
        tenant.deliveries.send("open", do={"fault": "push-key-old"})
        tenant.orders.add(req_seq_id="paid", notify_url=f"{listens_at}/notify")
        tenant.orders.fail("paid")
        out, err = listening.communicate(timeout=30)
    assert (listening.returncode, err) == (0, "")
    assert "trans.close (webhook) at /webhook: genuine" in out
    assert "notify (notify) at /notify: genuine" in out
    assert "NOT GENUINE\n   ! sign was made with the old key of this endpoint" in out
    assert tenant.webhooks.list() == [], "it is registered only while it listens"
    assert tenant.deliveries.wait_for(20, order="paid", status="delivered").event == "notify"
    assert "HTTP 403" in tenant.deliveries.wait_for(20, order="open", status="pending", attempts=1).diagnosis


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    with Mailbox() as mailbox:
        code, _, err = run("webhooks", "listen", "--port", mailbox.address.rpartition(":")[2])
    assert code == 2
    assert "choose another with --port" in err


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ((), ""),
        (("calls",), ""),
        (("faults",), "&view=faults"),
        (("call-17",), "#call-17"),
        (("delivery-2",), "#delivery-2"),
    ],
)
def test_the_page_is_opened_where_it_is_asked_for(
    words: tuple[str, ...], end: str, run: Run, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    page = f"{merchant.tenant.base_url}/_mock/?tenant={merchant.tenant.sys_id}{end}"
    assert run("console", *words) == (0, f"{page}\n", "")
    assert opened == [page]


def test_what_the_page_does_not_show_is_told_with_what_it_does(run: Run) -> None:
    code, _, err = run("console", "payments")
    assert (code, "there is no view payments; there are calls, orders, deliveries" in err) == (2, True)


def test_without_a_browser_the_address_of_the_page_is_printed(
    run: Run, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    page = f"{merchant.tenant.base_url}/_mock/?tenant={merchant.tenant.sys_id}"
    assert run("console") == (0, f"there is no browser here; open {page}\n", "")
    monkeypatch.delattr("webbrowser.open")
    assert run("console", "--no-browser") == (0, f"{page}\n", "")
