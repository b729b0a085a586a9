"""The `http:` driver: an application that runs by itself is graded as fully as one over stdin and stdout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, ClassVar

import pytest

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.cli.main import main
from huifu_contract.drivers.http import HttpDriver
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.drivers.kinds import driver
from huifu_contract.failures import AdapterTrouble, ClientTrouble, Gone, Hung, SetupTrouble
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import Exit, Verdict
from huifu_contract.grading.runner import Runner
from huifu_contract.reference.app import App, make_client
from huifu_mock import Server

CONFIG = dict.fromkeys(
    ("sys_id", "product_id", "huifu_id", "merchant_private_key", "huifu_public_key", "webhook_key"), "x"
)
HELLO = {"client": {"name": "shop", "version": "1", "language": "any"}, "profiles": ["wire"], "timeout_s": 1}
QUICK = ("request/*", "security/*", "repeat/*", "concurrency/*", "webhook/*", "transport/broken-body")
"""The cases whose time is not spent waiting for the gateway to answer; how the client waits is not the driver's."""
FEW = ("request/[be]*", "security/sign-*", "repeat/*", "webhook/*")
Answer = Callable[[dict[str, Any]], Any]


@contextmanager
def listening(answer: Answer) -> Iterator[str]:
    """An application whose route answers each message with what `answer` returns: an object, or status and bytes."""

    class Route(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = answer(message)
            if said is None:  # breaks off without a word
                self.close_connection = True
                return
            status, body = (
                said if isinstance(said, tuple) else (200, json.dumps({"id": message["id"], **said}).encode())
            )
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked has given up
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Route) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/_contract"
        server.shutdown()


def closing(said: Any) -> Answer:
    """Honest but for close, which gives `said`."""

    def answer(message: dict[str, Any]) -> Any:
        match message["op"]:
            case "hello":
                return HELLO
            case "bye":
                return {"ok": True}
            case _:
                return said(message) if callable(said) else said

    return answer


class Route:
    """The reference application behind a route: it keeps nothing of `hello` but takes each message's config."""

    def __init__(self) -> None:
        self.app: App = make_client()
        self.started = False

    def __call__(self, message: dict[str, Any]) -> Any:
        app: Any = self.app
        match message["op"]:
            case "hello":
                if not self.started:
                    self.started = True
                    app.start(message["config"])
                about = dict(app.__huifu_contract__)
                name = {part: about.pop(part) for part in ("name", "version", "language")}
                return {**about, "client": name}
            case "close":
                return app.close(message["config"], message["base_url"], message["params"]).message()
            case "order":
                return app.order(message).message()
            case "bye":
                app.stop()
                return {"ok": True}
            case _:
                return {"outcome": "unsupported"}


def close(client: HttpDriver, deadline_s: float = 5.0) -> Any:
    return client.close("http://127.0.0.1:1/s/a", {}, deadline_s)


def started(url: str) -> HttpDriver:
    client = HttpDriver(url)
    client.start(CONFIG)
    return client


def test_the_reference_behind_a_route_passes_everything_that_it_claims() -> None:
    options = Options(profile=Profile("fixed", examples=0, steps=0), reruns=1, key_bits=1024, cases=FEW)
    with listening(Route()) as url:
        found = Runner(lambda: driver(url), options, url).run()
    odd = {case.id: (case.verdict, case.signature or case.root) for case in found.cases if not _fine(case)}
    assert odd == {}
    assert found.exit is Exit.OK
    assert found.grades == ("decision", "hook", "wire")
    skipped = {case.id for case in found.cases if case.verdict is Verdict.SKIP}
    assert skipped <= {"request/seq-unique-across-processes", "request/date-in-china-time"}


def _fine(case: Any) -> bool:
    return case.verdict in (Verdict.PASS, Verdict.NOTE, Verdict.SKIP)


def test_every_message_carries_the_configuration_because_the_application_may_remember_nothing() -> None:
    told: list[dict[str, Any]] = []

    def keep(message: dict[str, Any]) -> dict[str, Any]:
        told.append(message)
        return {"outcome": "unknown"}

    with listening(closing(keep)) as url:
        client = started(url)
        close(client)
        client.order({"org_req_seq_id": "O1"}, 5.0)
        client.stop()
    assert [(message["op"], message["config"]) for message in told] == [("close", CONFIG), ("order", CONFIG)]


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ((404, b"not found"), "HTTP 404 in answer to close"),
        ((302, b""), "HTTP 302"),
        ((200, b"<html>debug toolbar</html>"), "debug toolbar"),
        ((200, b""), "not JSON"),
        ((200, b'{"id":99,"outcome":"closed"}'), "carries the id 99"),
        ((200, b'{"id":2,"outcome":"yes"}'), "yes"),
        ((200, b'{"outcome":"closed"}'), "no integer id"),
        ((200, b" " * (1024 * 1024) + b'{"id":2,"outcome":"closed"}'), "longer than 1 MiB"),
    ],
)
def test_what_is_no_reply_is_the_adapters_trouble(said: Any, says: str) -> None:
    with listening(closing(said)) as url, pytest.raises(AdapterTrouble, match=says):
        close(started(url))


def test_a_connection_that_breaks_off_is_the_clients_trouble() -> None:
    with listening(closing(lambda _: None)) as url, pytest.raises(ClientTrouble, match="broke off while close"):
        close(started(url))


def test_no_answer_before_the_deadline_is_a_hang() -> None:
    release = Event()

    def hang(_: dict[str, Any]) -> dict[str, str]:
        release.wait(30)
        return {"outcome": "unknown"}

    with listening(closing(hang)) as url:
        client = started(url)
        with pytest.raises(Hung, match=r"no answer to close within 0\.2 s"):
            close(client, 0.2)
        release.set()


def test_an_application_that_is_gone_leaves_the_rest_undone() -> None:
    with listening(closing({"outcome": "unknown"})) as url:
        client = started(url)
        close(client)
    with pytest.raises(Gone, match="nothing listens"):
        close(client)
    client.stop()


def test_an_application_that_is_not_there_is_told_before_anything_runs() -> None:
    with listening(closing({})) as url:
        pass
    with pytest.raises(SetupTrouble, match="start the application first"):
        HttpDriver(url).start(CONFIG)


def test_an_application_that_does_not_describe_itself_cannot_be_graded() -> None:
    with listening(lambda _: {"outcome": "unsupported"}) as url, pytest.raises(SetupTrouble, match="describe"):
        HttpDriver(url).start(CONFIG)


@pytest.mark.parametrize(
    "client",
    ["http:shop.test", "http://", "http:///x", "http://127.0.0.1:99999/", "http://u:p@127.0.0.1/", "ftp://x/y"],
)
def test_an_address_that_is_none_is_a_usage_error_with_an_example(
    client: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["client", "--client", client]) == Exit.USAGE
    said = capsys.readouterr().err
    assert "127.0.0.1:8080/_contract" in said or "a port is a number" in said


MANY = {"claims": ["parallel"], "max_parallel": 9, "config_of_each_message": True}


@pytest.mark.parametrize(
    ("more", "most"),
    [
        ({}, 1),
        ({"claims": ["parallel"], "max_parallel": 9}, 1),  # several calls of one merchant
        ({"max_parallel": 9, "config_of_each_message": True}, 1),  # not at the same time
        ({**MANY, "max_parallel": 1}, 1),
        (MANY, 4),  # a case may have several calls open
    ],
)
def test_an_application_has_one_worker_unless_it_takes_calls_of_several_merchants_at_once(
    more: dict[str, Any], most: int
) -> None:
    with listening(lambda _: {**HELLO, **more}) as url:
        assert started(url).at_once(16) == most
    assert LocalDriver(lambda _config, _base_url, _params: "unknown").at_once(16) == 16


class Several(Route):
    """Says that it takes the config of each message, and counts who is there."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()
        self.open = self.most = 0
        self.merchants: set[str] = set()
        self.ops: list[str] = []

    def __call__(self, message: dict[str, Any]) -> Any:
        with self.lock:
            self.ops.append(message["op"])
            self.open += 1
            self.most = max(self.most, self.open)
        try:
            if message["op"] == "close":
                self.merchants.add(message["config"]["sys_id"])
            said = super().__call__(message)
            return {**said, "config_of_each_message": True} if message["op"] == "hello" else said
        finally:
            with self.lock:
                self.open -= 1


def test_an_application_that_takes_the_config_of_each_message_is_graded_for_several_merchants_side_by_side() -> None:
    route = Several()
    options = Options(Profile("fixed", 0, 0), reruns=1, key_bits=1024, cases=QUICK, workers=4)
    with listening(route) as url:
        found = Runner(lambda: driver(url), options, url).run()
    assert {case.id: case.signature or case.root for case in found.cases if not _fine(case)} == {}
    mixed = catalogue()["repeat/config-of-each-call"]  # has another merchant in each example
    assert len(route.merchants) == 4 + len(mixed.fixed)
    assert 1 < route.most <= 8, "no more than it says it can do"
    assert (route.ops.count("hello"), route.ops.count("bye")) == (1, 1)


class FirstConfigForAll(Several):
    """Keeps the first configuration that it sees, as a client does whose keys stand on its class."""

    first: ClassVar[dict[str, str]] = {}

    def __call__(self, message: dict[str, Any]) -> Any:
        if "config" in message:
            self.first.update({} if self.first else message["config"])
            message = {**message, "config": self.first}
        return super().__call__(message)


def test_an_application_that_serves_every_merchant_with_the_config_of_the_first_fails() -> None:
    options = Options(Profile("fixed", 0, 0), reruns=1, key_bits=1024, cases=("request/sign-*",), workers=4)
    with listening(FirstConfigForAll()) as url:
        found = Runner(lambda: driver(url), options, url).run()
    assert found.exit is Exit.NOT_OK


@pytest.mark.parametrize(("route", "exit_"), [(Several, Exit.OK), (FirstConfigForAll, Exit.NOT_OK)])
def test_calls_for_two_merchants_are_mixed_by_one_worker(route: type[Several], exit_: Exit) -> None:
    options = Options(Profile("fixed", 0, 0), reruns=1, key_bits=1024, cases=("repeat/config-of-each-call",))
    with listening(type("Fresh", (route,), {"first": {}})()) as url:
        found = Runner(lambda: driver(url), options, url).run()
    assert found.exit is exit_
    (mixed,) = [case for case in found.cases if case.group == "repeat"]
    assert mixed.verdict is (Verdict.PASS if exit_ is Exit.OK else Verdict.FAIL)


def test_the_gateway_itself_is_no_client_and_is_named() -> None:
    with (
        Server(port=0, orders=[]) as gateway,
        pytest.raises(AdapterTrouble, match=r"HTTP 404.*that is huifu-mock itself"),
    ):
        HttpDriver(f"{gateway.base_url}/_contract").start(CONFIG)
