"""`kill -9` at random moments under load: what was acknowledged is there, with the same bytes.

`STORE_KILLS=200` kills as often. An acknowledged call is a definite outcome; one whose reply never came is indefinite,
and may have happened or not, but not half.
"""

import http.client
import json
import os
import random
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import huifu_mock
from huifu_mock import signing
from huifu_mock.client.transport import ControlError

KILLS = int(os.environ.get("STORE_KILLS", "2"))
CLIENTS, ORDERS = 4, 12
CLOSE = "/v2/trade/payment/scanpay/close"


class Served:
    """`huifu-mock serve` in a process of its own."""

    def __init__(self, store: str) -> None:
        command = [sys.executable, "-m", "huifu_mock", "serve", "-q", "--port", "0", "--ready-json", "--store", store]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.base_url = json.loads(self.process.stdout.readline())["base_url"]

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.communicate()


class Client(threading.Thread):
    """Closes orders one after the other, over one connection, until the server is gone."""

    def __init__(self, base_url: str, closes: list[tuple[str, bytes]], acknowledged: dict[str, bytes]) -> None:
        super().__init__()
        self.acknowledged, self.closes, self.address = acknowledged, closes, urlsplit(base_url).netloc

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        with suppress(OSError, http.client.HTTPException):
            for number, body in self.closes:
                connection.request("POST", CLOSE, body)
                self.acknowledged[number] = connection.getresponse().read()
        connection.close()


class Payer(threading.Thread):
    """Pays the same orders, the last first."""

    def __init__(self, tenant: huifu_mock.Tenant, numbers: list[str], paid: set[str]) -> None:
        super().__init__()
        self.tenant, self.numbers, self.paid = tenant, numbers, paid

    def run(self) -> None:
        for number in reversed(self.numbers):
            try:
                self.tenant.orders.pay(number)
            except ControlError as refused:
                if refused.status != 409:  # it is closed
                    return
            except (OSError, huifu_mock.Unreachable):
                return
            else:
                self.paid.add(number)


def code(reply: bytes) -> str:
    data: dict[str, Any] = json.loads(reply)["data"]
    return str(data["resp_code"])


def test_what_was_acknowledged_before_a_kill_is_there_after_it_with_the_same_bytes(store: str) -> None:
    dice = random.Random(7)
    served = Served(store)
    tenant = huifu_mock.connect(served.base_url).tenant()
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    sys_id = tenant.sys_id
    for round_ in range(KILLS):
        orders = tenant.orders.add_many([{"req_seq_id": f"order-{round_}-{i}"} for i in range(CLIENTS * ORDERS)])
        bodies = {
            order.req_seq_id: signing.envelope(
                sys_id, tenant.product_id, order.close_params(f"close-{order.req_seq_id}"), key
            )
            for order in orders
        }
        numbers, acknowledged, paid = list(bodies), dict[str, bytes](), set[str]()
        threads: list[threading.Thread] = [
            Client(served.base_url, [(number, bodies[number]) for number in numbers[i::CLIENTS]], acknowledged)
            for i in range(CLIENTS)
        ]
        threads.append(Payer(tenant, numbers, paid))
        wanted = dice.randrange(1, CLIENTS * ORDERS // 2)
        for thread in threads:
            thread.start()
        while len(acknowledged) < wanted and any(thread.is_alive() for thread in threads):
            threads[0].join(0.001)
        served.kill()
        for thread in threads:
            thread.join()

        served = Served(store)
        tenant = huifu_mock.connect(served.base_url).find(sys_id)
        states = {order.req_seq_id: (order.trans_stat, order.close_stat) for order in tenant.orders.list()}
        assert ("S", "S") not in states.values(), "no order is both paid and closed"
        assert {states[number] for number in paid} <= {("S", "")}, "who was told that an order is paid finds it paid"
        again: dict[str, bytes] = {}
        repeating = Client(served.base_url, list(bodies.items()), again)
        repeating.run()
        assert set(again) == set(bodies)
        for number, reply in acknowledged.items():
            assert code(reply) in ("00000000", "23000000")
            if code(reply) == "00000000":
                assert states[number] == ("F", "S")
                assert again[number] == reply
        for number in set(bodies) - set(acknowledged) - paid:
            assert states[number] in {("P", ""), ("F", "S"), ("S", "")}, "it happened or not, but not half"
            assert code(again[number]) == ("23000000" if states[number] == ("S", "") else "00000000")
    served.kill()
