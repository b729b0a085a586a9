"""64 calls for one order at once: closes, payments, expiries and repeats have one winner and byte-identical replays.

`RACE_ORDERS=2000` runs as many orders.
"""

import asyncio
import json
import os
from collections import Counter

import huifu_mock
from huifu_mock import signing
from huifu_mock.client.transport import ControlError

ORDERS = int(os.environ.get("RACE_ORDERS", "6"))
RACERS = 64


async def post(base_url: str, sent: bytes) -> bytes:
    host, port = base_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v2/trade/payment/scanpay/close HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(sent)}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode() + sent)
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2]


async def test_one_of_64_racers_wins_and_its_answer_is_the_same_for_ever(server: huifu_mock.Server) -> None:
    with server.tenant() as tenant:
        key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
        for number in range(ORDERS):
            order = tenant.orders.add(req_seq_id=f"order-{number}")

            def close(racer: int, order: huifu_mock.Order = order, number: int = number) -> bytes:
                data = order.close_params(f"close-{number}-{racer // 2}")  # each is sent twice
                return signing.envelope(tenant.sys_id, tenant.product_id, data, key)

            def end(racer: int, order: huifu_mock.Order = order) -> str:
                try:
                    (tenant.orders.pay if racer % 2 else tenant.orders.fail)(order.req_seq_id)
                except ControlError as refused:
                    return "" if refused.status == 409 else str(refused)
                return "S" if racer % 2 else "F"

            closing = [post(tenant.base_url, close(racer)) for racer in range(RACERS - 8)]
            ending = [asyncio.to_thread(end, racer) for racer in range(8)]
            racers = [*closing, *ending]
            results = await asyncio.gather(*racers[number % 5 :], *racers[: number % 5])
            answers = [json.loads(one)["data"] for one in results if isinstance(one, bytes)]
            ended = [one for one in results if isinstance(one, str) and one]
            winners = {one["req_seq_id"] for one in answers if one["resp_code"] == "00000000"}
            assert len(winners) + len(ended) == 1
            now = tenant.orders.get(order.req_seq_id)
            assert (now.trans_stat, now.close_stat) == ((ended[0], "") if ended else ("F", "S"))
            codes = Counter(one["resp_code"] for one in answers)
            assert set(codes) <= {"00000000", "23000000"}
            for winner in winners:
                first = [
                    one for one in results if isinstance(one, bytes) and f'"req_seq_id":"{winner}"'.encode() in one
                ]
                again = await post(tenant.base_url, close(2 * int(winner.rpartition("-")[2])))
                assert len({*first, again}) == 1
