"""Replies are signed in the order in which they were asked for, in threads and in the event loop alike."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest

from huifu_mock.http import signer_threads
from huifu_mock.http.signer_threads import ENOUGH, Signers
from huifu_mock.signing import Reply


class HeldReply(Reply):
    """A reply whose signature is not done before it is let go."""

    def __init__(self, *, held: bool = False) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()
        if not held:
            self.let_go.set()

    def sign(self) -> bytes:
        self.begun.set()
        self.let_go.wait()
        return b""


@pytest.fixture
async def signers(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Signers]:
    """With one thread, which signs a reply that is held."""
    monkeypatch.setattr(signer_threads, "COUNT", 1)
    made = Signers(asyncio.get_running_loop())
    yield made
    made.stop()


async def all_but_the_first(signers: Signers, sign: Callable[[int], None], count: int) -> None:
    """Ask for replies 1 … while the thread is busy with reply 0, then let it go."""
    held = HeldReply(held=True)
    first = signers.sign(held)
    await asyncio.to_thread(held.begun.wait)
    for number in range(1, count + 1):
        sign(number)
    held.let_go.set()
    await first


async def test_while_enough_replies_wait_the_event_loop_signs_the_oldest_each_time_it_comes_round(
    signers: Signers,
) -> None:
    """Between two signatures it does what else is to be done, such as reading the requests that came meanwhile."""
    loop, order, enough_signed = asyncio.get_running_loop(), list[int](), asyncio.Event()
    held = HeldReply(held=True)
    first = signers.sign(held)
    await asyncio.to_thread(held.begun.wait)

    def signed(number: int) -> None:
        order.append(number)
        loop.call_soon(order.append, -number)
        if number == 10 - ENOUGH:
            enough_signed.set()

    for number in range(1, 11):
        signers.sign_then(HeldReply(), partial(signed, number))
    assert not order
    await enough_signed.wait()
    assert order == [one for number in range(1, 11 - ENOUGH) for one in (number, -number)]
    held.let_go.set()
    await first
    await signers.sign(HeldReply())
    assert [number for number in order if number > 0] == list(range(1, 11))


async def test_a_request_that_comes_with_the_answer_to_another_waits_for_its_turn(signers: Signers) -> None:
    """However many clients send their next request before they read the answer, they do not nest in each other."""
    deepest = depth = 0
    left, done = 1000, asyncio.Event()

    def answered() -> None:
        nonlocal deepest, depth, left
        depth += 1
        deepest = max(deepest, depth)
        left -= 1
        if left > 0:
            signers.sign_then(HeldReply(), answered)
        elif left == 0:
            done.set()
        depth -= 1

    await all_but_the_first(signers, lambda _: signers.sign_then(HeldReply(), answered), 20)
    await done.wait()
    assert deepest == 1


async def test_what_waits_when_the_server_stops_is_signed(signers: Signers) -> None:
    replies = [HeldReply(held=True), *(HeldReply() for _ in range(ENOUGH))]
    signed = [signers.sign(replies[0])]
    await asyncio.to_thread(replies[0].begun.wait)
    signed += [signers.sign(reply) for reply in replies[1:]]
    signers.stop()
    replies[0].let_go.set()
    await asyncio.gather(*signed)
    later = [signers.sign(HeldReply()) for _ in range(2 * ENOUGH)]
    await asyncio.gather(*later)
