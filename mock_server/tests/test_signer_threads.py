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


async def test_while_enough_replies_wait_the_event_loop_signs_the_oldest(signers: Signers) -> None:
    order = list[int]()

    def sign(number: int) -> None:
        signers.sign_then(HeldReply(), lambda: order.append(number))
        assert order == list(range(1, number - ENOUGH + 1))

    await all_but_the_first(signers, sign, 10)
    await signers.sign(HeldReply())
    assert order == list(range(1, 11))


async def test_what_a_thread_has_signed_is_handed_out_as_soon_as_the_event_loop_has_signed_a_later_one(
    signers: Signers,
) -> None:
    """Not when the loop has answered everybody who is ready: that takes a signature for each."""
    order = list[int]()
    replies = [HeldReply(held=number < 2) for number in range(ENOUGH + 3)]

    def sign(*numbers: int) -> None:
        for number in numbers:
            signers.sign_then(replies[number], partial(order.append, number))

    sign(0, 1)
    await asyncio.to_thread(replies[0].begun.wait)
    replies[0].let_go.set()
    replies[1].begun.wait()  # the thread is done with the first one, and the event loop was not asked yet
    sign(*range(2, ENOUGH + 2))
    assert not order
    sign(ENOUGH + 2)
    assert order == [0, 2]
    replies[1].let_go.set()
    await signers.sign(HeldReply())
    assert {*order} == {*range(ENOUGH + 3)}


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
    assert deepest <= 2


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
