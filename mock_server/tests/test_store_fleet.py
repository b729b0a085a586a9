"""Gateways that are killed, a database that is restarted, a deploy under load: what was acknowledged stays.

An acknowledged call is a definite outcome; one whose reply never came is sent again, with the same bytes, until there
is one. `FLEET_ORDERS=2000` closes as many.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
import yaml
from postbox import Mailbox, Push, Said

import huifu_mock
import ports
from huifu_mock import signing
from huifu_mock.cli import serve
from huifu_mock.cli.main import main
from huifu_mock.request import CLOSE

if TYPE_CHECKING:
    from postgresql_server import PostgreSql

ORDERS = int(os.environ.get("FLEET_ORDERS", "120"))
CLIENTS = 4


def health(port: int) -> int:
    """The status; 0 where nobody answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/_mock/health", timeout=60) as response:
            return int(response.status)
    except HTTPError as error:
        with error:
            return error.code
    except (URLError, OSError):
        return 0


class Gateway:
    """`huifu-mock serve` with workers, which can be killed and started again on its port, its own until `end`."""

    def __init__(self, store: str, workers: int) -> None:
        self._held, self.port = ports.held()
        self._command = [sys.executable, "-m", "huifu_mock", "serve", "-q", "--ready-json", "--store", store]
        self._command += ["--port", str(self.port), "--workers", str(workers)]
        self.start()

    def start(self) -> None:
        """Return when it answers."""
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith(b"{")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Return when it is gone, its workers too."""
        self.process.send_signal(number)
        self.process.communicate()  # until the last worker has closed its output

    def end(self, number: int = signal.SIGTERM) -> None:
        """Stop for good."""
        self.stop(number)
        self._held.close()


class Client(threading.Thread):
    """Closes orders one after the other; what got no definite answer is sent again, as a retrying client does."""

    def __init__(self, ports: list[int], bodies: dict[str, bytes]) -> None:
        super().__init__()
        self.ports, self.bodies = ports, bodies
        self.acknowledged: dict[str, bytes] = {}
        self.contradictions: list[tuple[bytes, bytes]] = []

    def run(self) -> None:
        for number, body in self.bodies.items():
            until(partial(self.acknowledges, number, body))

    def acknowledges(self, number: str, body: bytes) -> bool:
        """Sends it; whether there has been a definite answer by now."""
        self.send(number, body)
        return number in self.acknowledged

    def send(self, number: str, body: bytes) -> None:
        self.ports.append(self.ports.pop(0))
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[0], timeout=60)
        try:
            connection.request("POST", CLOSE.path, body)
            answer = connection.getresponse()
            reply = answer.read()
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()
        if answer.status != 200 or json.loads(reply)["data"]["resp_code"] == "98888888":
            return
        if self.acknowledged.setdefault(number, reply) != reply:
            self.contradictions.append((self.acknowledged[number], reply))


class Load:
    """Clients that close every order of a tenant."""

    def __init__(self, tenant: huifu_mock.Tenant, ports: list[int], orders: int = ORDERS) -> None:
        key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
        made = tenant.orders.add_many([{"req_seq_id": f"order-{number}"} for number in range(orders)])
        bodies = {
            order.req_seq_id: signing.envelope(
                tenant.sys_id, tenant.product_id, order.close_params(f"close-{order.req_seq_id}"), key
            )
            for order in made
        }
        split = [dict(list(bodies.items())[place::CLIENTS]) for place in range(CLIENTS)]
        self.clients = [Client(list(ports), part) for part in split]
        self.orders = orders
        for client in self.clients:
            client.start()

    def acknowledged(self) -> int:
        return sum(len(client.acknowledged) for client in self.clients)

    def until(self, share: float) -> None:
        """Return when so much of it is done."""
        while self.acknowledged() < share * self.orders:
            self.clients[0].join(0.01)

    def end(self, tenant: huifu_mock.Tenant) -> None:
        """All are closed; whoever is asked again says the same."""
        for client in self.clients:
            client.join()
        for client in self.clients:
            assert {json.loads(reply)["data"]["resp_code"] for reply in client.acknowledged.values()} == {"00000000"}
            for number, body in client.bodies.items():
                for _ in client.ports:
                    client.send(number, body)
            assert client.contradictions == []
        states = {(order.trans_stat, order.close_stat, len(order.closes)) for order in tenant.orders.list()}
        assert states == {("F", "S", 1)}


def test_a_database_that_is_restarted_under_load_loses_nothing_that_was_acknowledged(
    postgresql: "PostgreSql",
) -> None:
    store = postgresql.fresh()
    with huifu_mock.Server(store=store) as first, huifu_mock.Server(store=store) as second:
        tenant = first.tenant()
        ports = [int(server.base_url.rpartition(":")[2]) for server in (first, second)]
        load = Load(tenant, ports, 40)
        load.until(0.25)
        postgresql.stop(crash=True)
        for port in ports:
            until(lambda port=port: health(port) == 503)  # type: ignore[misc] # bound at once
        postgresql.start()
        for port in ports:
            until(lambda port=port: health(port) == 200)  # type: ignore[misc] # bound at once
        load.end(second.find(tenant.sys_id))


def until(holds: Callable[[], bool]) -> None:
    """Look again and again, and leave the machine to what is looked at in between."""
    while not holds():
        threading.Event().wait(0.05)


DOCKER = Path(__file__).parents[1] / "docker"


def balanced(port: int, gateways: list[Gateway]) -> str:
    """The configuration of HAProxy that the compose file mounts, for these ports of this machine."""
    text = (DOCKER / "haproxy.cfg").read_text("utf-8").replace("bind :8080", f"bind 127.0.0.1:{port}")
    for name, gateway in zip("ab", gateways, strict=True):
        text = text.replace(f" gateway-{name}:8080", f" 127.0.0.1:{gateway.port}")
    assert ":8080" not in text
    return text


def test_the_compose_file_has_one_database_two_gateways_and_one_way_in() -> None:
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (DOCKER / "compose-postgresql.yaml").read_text("utf-8"))
    services = yaml.safe_load(text)["services"]
    gateways = [services.pop(name) for name in ("gateway-a", "gateway-b")]
    parser = argparse.ArgumentParser()
    serve.add_parser(parser.add_subparsers())
    for gateway in gateways:
        options = parser.parse_args(gateway["command"])
        store, login = urlsplit(options.store), services["database"]["environment"]
        assert (options.workers, store.hostname) == (2, "database")
        assert (store.username, store.password) == (login["POSTGRES_USER"], login["POSTGRES_PASSWORD"])
        assert store.path == f"/{login['POSTGRES_DB']}"
        assert gateway["environment"]["HUIFU_CONTROL_TOKEN"]
        assert "ports" not in gateway
    assert [port for service in services.values() for port in service.get("ports", [])] == ["127.0.0.1:8080:8080"]
    (mount,) = services["balancer"]["volumes"]
    assert (DOCKER / mount.partition(":")[0]).is_file()


@pytest.mark.slow
def test_a_killed_gateway_and_a_deploy_behind_haproxy_lose_nothing_that_was_acknowledged(
    postgresql: "PostgreSql", tmp_path: Path
) -> None:
    program = shutil.which("haproxy", path=os.pathsep.join((os.environ["PATH"], "/usr/sbin")))
    if program is None:
        pytest.skip("there is no HAProxy here (Debian and Ubuntu: the package haproxy)")
    store, (held, port) = postgresql.fresh(), ports.held()
    gateways = [Gateway(store, workers=2) for _ in range(2)]
    (tmp_path / "haproxy.cfg").write_text(balanced(port, gateways))
    proxy = subprocess.Popen([program, "-q", "-db", "-f", str(tmp_path / "haproxy.cfg")])
    arrived: set[str] = set()

    def answer(push: Push) -> Said:
        arrived.add(push.event["org_req_seq_id"])
        return Said()

    try:
        with Mailbox(answer) as box:
            until(lambda: health(port) == 200)
            tenant = huifu_mock.connect(f"http://127.0.0.1:{port}").tenant()
            tenant.webhooks.add(box.hook)
            load = Load(tenant, [port])
            load.until(0.2)
            gateways[0].stop(signal.SIGKILL)
            load.until(0.4)
            gateways[0].start()
            for gateway in gateways:  # the deploy
                until(lambda: all(health(one.port) == 200 for one in gateways))
                gateway.stop()
                gateway.start()
            until(lambda: all(health(one) == 200 for one in (*(each.port for each in gateways), port)))
            load.end(tenant)
            until(lambda: len(arrived) == ORDERS)
            assert main(["store", "check", store]) == 0
    finally:
        proxy.kill()
        proxy.wait()
        held.close()
        for gateway in gateways:
            gateway.end(signal.SIGKILL)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--workers", "2"), "needs a store that processes share, and memory: is gone with its process"),
        (("--workers", "2", "--store", "sqlite:x.db"), "needs a store that processes share, and sqlite:x.db is one"),
        (("--workers", "2", "--store", "postgresql://h/d", "--intercept"), "do not go together"),
    ],
)
def test_workers_that_cannot_be_are_refused_in_words(
    options: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--port", "0", *options]) == 2
    assert words in capsys.readouterr().err
