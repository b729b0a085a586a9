"""64 calls for one order at once: closes, payments, expiries and repeats have one winner and byte-identical replays.

`RACE_ORDERS=2000` runs as many orders.
"""

import asyncio
import json
import os
from datetime import timedelta

import pytest

import huifu_mock
from huifu_mock import signing
from huifu_mock.client.transport import ControlError
from huifu_mock.state.clock import compact

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


@pytest.mark.timeout(300 + 5 * ORDERS)
async def test_one_of_64_racers_wins_and_its_answer_is_the_same_for_ever(server: huifu_mock.Server) -> None:
    with server.tenant(clock="2026-03-01T10:00:00") as tenant:
        key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
        for number in range(ORDERS):
            expiry = tenant.clock.now() + timedelta(seconds=30)
            order = tenant.orders.add(req_seq_id=f"order-{number}", time_expire=compact(expiry))

            def close(racer: int, order: huifu_mock.Order = order, number: int = number) -> bytes:
                data = order.close_params(f"close-{number}-{racer // 2}")  # each is sent twice
                return signing.envelope(tenant.sys_id, tenant.product_id, data, key)

            def end(racer: int, order: huifu_mock.Order = order) -> str:
                """Pay the order, let it fail, or let its time run out; S or F if that is how it was ended."""
                if racer % 3 == 2:
                    tenant.clock.advance(10 + racer)  # 12, 15 and 18 s: the third one is too much
                    return ""
                try:
                    (tenant.orders.pay if racer % 3 else tenant.orders.fail)(order.req_seq_id)
                except ControlError as refused:
                    return "" if refused.status == 409 else str(refused)
                return "S" if racer % 3 else "F"

            closing = [post(tenant.base_url, close(racer)) for racer in range(RACERS - 9)]
            ending = [asyncio.to_thread(end, racer) for racer in range(9)]
            racers = [*closing, *ending]
            first_off = (0, RACERS - 9, RACERS - 7, 30)[number % 4]
            results = await asyncio.gather(*racers[first_off:], *racers[:first_off])
            answers = [json.loads(one)["data"] for one in results if isinstance(one, bytes)]
            ended = [one for one in results if isinstance(one, str) and one]
            winners = {one["req_seq_id"] for one in answers if one["resp_code"] == "00000000"}
            now = tenant.orders.get(order.req_seq_id)
            if winners or ended:
                assert len(winners) + len(ended) == 1
                assert (now.trans_stat, now.close_stat) == ((ended[0], "") if ended else ("F", "S"))
                assert now.finished_at < expiry
            else:
                assert (now.trans_stat, now.close_stat, now.finished_at) == ("F", "", expiry)
            assert {one["resp_code"] for one in answers} <= {"00000000", "23000000"}
            for winner in winners:
                first = [
                    one for one in results if isinstance(one, bytes) and f'"req_seq_id":"{winner}"'.encode() in one
                ]
                again = await post(tenant.base_url, close(2 * int(winner.rpartition("-")[2])))
                assert len({*first, again}) == 1
